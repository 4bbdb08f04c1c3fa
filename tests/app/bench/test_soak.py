"""The promises of endurance, held against runs that keep and break them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.bench.soak import SoakRow, broken_promises, interval_s

ROW = SoakRow(
    ended_s=60.0,
    frames=3600,
    dropped=0,
    late_share=0.0,
    to_mask_p99_ms=6.0,
    to_screen_p99_ms=8.0,
    segmenter_failures=0,
    resident_mb=300.0,
    own_mb=200.0,
    handles=20,
    threads=12,
)
MINUTES = 480


def run(**changes: float) -> list[SoakRow]:
    """Eight hours; each of ``changes`` is reached evenly over them, from its value in ``ROW``."""
    rows = []
    for minute in range(1, MINUTES + 1):
        grown = {
            name: type(getattr(ROW, name))(
                getattr(ROW, name) + (value - getattr(ROW, name)) * minute / MINUTES
            )
            for name, value in changes.items()
        }
        rows.append(replace(ROW, ended_s=60.0 * minute, **grown))
    return rows


def test_a_steady_run_breaks_nothing() -> None:
    assert broken_promises(run()) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"own_mb": 206.0}, "Memory grew"),
        ({"handles": 40}, "handles went from"),
        ({"threads": 24}, "threads went from"),
        ({"to_mask_p99_ms": 8.0}, "capture to mask drifted"),
        ({"to_screen_p99_ms": 6.0}, "capture to screen drifted"),
        ({"dropped": 20}, "were dropped"),
    ],
)
def test_each_promise_that_is_broken_is_named(changes: dict[str, float], words: str) -> None:
    (sentence,) = broken_promises(run(**changes))
    assert words in sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"own_mb": 201.0},
        {"own_mb": 100.0},
        {"resident_mb": 400.0},
        {"handles": 10},
        {"threads": 6},
        {"to_mask_p99_ms": 6.4},
        {"to_screen_p99_ms": 7.6},
        {"dropped": 3},
    ],
)
def test_what_stays_within_its_bound_is_kept(changes: dict[str, float]) -> None:
    assert broken_promises(run(**changes)) == []


def test_what_happens_while_it_warms_up_is_forgiven() -> None:
    rows = run()
    rows[0] = replace(rows[0], own_mb=100.0, handles=3, threads=2, dropped=3000)
    assert broken_promises(rows) == []


def test_of_ten_intervals_the_first_is_warm_up() -> None:
    rows = run()[:10]
    assert broken_promises([replace(rows[0], own_mb=100.0), *rows[1:]]) == []
    grown = [replace(row, own_mb=300.0) for row in rows[-2:]]
    (sentence,) = broken_promises([*rows[:-2], *grown])
    assert sentence == "Memory grew by 50.0%; less than 1% is promised."


def test_what_is_taken_for_a_while_is_no_growth() -> None:
    rows = run()
    rows[-9:] = [replace(row, own_mb=260.0, handles=25, threads=15) for row in rows[-9:]]
    assert broken_promises(rows) == []


def test_one_bad_minute_is_no_drift() -> None:
    rows = run()
    rows[-5] = replace(rows[-5], to_mask_p99_ms=90.0, to_screen_p99_ms=90.0)
    assert broken_promises(rows) == []


def test_too_few_rows_say_nothing() -> None:
    assert broken_promises([]) == []
    assert broken_promises(run(handles=4000)[:3]) == []


@pytest.mark.parametrize(
    ("duration_s", "expected_s"), [(28_800.0, 60.0), (600.0, 60.0), (20.0, 2.0)]
)
def test_an_interval_is_a_minute_or_a_tenth(duration_s: float, expected_s: float) -> None:
    assert interval_s(duration_s) == expected_s
