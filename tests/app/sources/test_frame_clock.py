"""Time stamps that are missing, fall or leave gaps."""

from __future__ import annotations

import pytest

from app.sources.frame_clock import FrameClock


@pytest.mark.parametrize(
    ("stamps", "ticks", "mended"),
    [
        ([7, 17, 27], [0, 10, 20], 0),
        ([7, 12, 40, 41], [0, 5, 33, 34], 0),
        ([None, None, None], [0, 10, 20], 3),
        ([5, None, 25], [0, 10, 20], 1),
        ([5, None, None, 26], [0, 10, 20, 21], 2),
        ([5, 15, 15, 25], [0, 10, 20, 30], 1),
        ([1000, 1010, 0, 7, 20], [0, 10, 20, 27, 40], 1),
        ([0, 10, -50, None, -30], [0, 10, 20, 30, 40], 2),
    ],
)
def test_times_start_at_zero_and_rise(
    stamps: list[int | None], ticks: list[int], mended: int
) -> None:
    clock = FrameClock(step=10)
    assert [clock.ticks(stamp) for stamp in stamps] == ticks
    assert clock.mended == mended


def test_expected_is_the_stamp_that_would_follow() -> None:
    clock = FrameClock(step=10)
    assert clock.expected == 0
    clock.ticks(500)
    assert clock.expected == 510
    clock.ticks(100)
    assert clock.expected == 110
    assert clock.ticks(clock.expected) == 20
    assert clock.mended == 1


def test_gaps_in_a_regular_stream_are_counted_in_frames() -> None:
    clock = FrameClock(step=10)
    for stamp in [*range(0, 300, 10), *range(340, 600, 10)]:
        clock.ticks(stamp)
    assert clock.skipped == 4


def test_a_variable_rate_has_no_gaps() -> None:
    clock = FrameClock(step=10)
    for stamp in [0, 10, 45, 50, 120, 130, 133, 200]:
        clock.ticks(stamp)
    assert clock.skipped == 0


def test_after_a_jump_times_go_on_from_there() -> None:
    clock = FrameClock(step=10)
    clock.ticks(100)
    clock.jump(70)
    assert clock.ticks(170) == 70
    clock.jump(20)
    assert [clock.ticks(120), clock.ticks(130)] == [20, 30]
    assert clock.mended == 0
