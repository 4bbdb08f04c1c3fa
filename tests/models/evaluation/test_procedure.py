"""Whole-procedure measures: worked out by hand, and on the phantom's clip through a replay."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

import pytest

from app.sources.phantom import DEMO, PhantomSource
from models.evaluation.procedure import (
    Appearance,
    TableFrame,
    main,
    procedure_score,
    read_table,
    read_truth,
)
from models.regions import Region
from models.training.lists import DataError
from tests.app.command import ONE_RUNTIME, run_app
from tests.locations import DEMO_CLIP

RATE = 10


def frames(marks: str) -> list[TableFrame]:
    """A tenth of a second each, ``x`` where a region is marked."""
    mark = (Region(10, 10, 20, 20, 400, 1.0),)
    return [TableFrame(n / RATE, mark if each == "x" else ()) for n, each in enumerate(marks)]


VIDEO = "..x.xxx........xxxxxx......xx"
"""Three seconds but one frame; the polyp is in sight in the second second."""
APPEARANCES = [Appearance("a", 1.0, 2.0)]


def test_a_video_worked_out_by_hand() -> None:
    """30 frames, 10 with the polyp, found in the sixth; false marks of 1, 3 and 2 frames."""
    assert len(VIDEO) == 29
    score = procedure_score(frames(VIDEO + "x"), APPEARANCES, alert_ms=0)
    assert (score.polyps, score.false_episodes) == (1, 3)
    assert score.detection_s == pytest.approx(0.5)
    assert score.polyp_free_minutes == pytest.approx(20 / 600)
    assert score.false_episodes_per_minute == pytest.approx(90)
    assert score.sensitivity is not None and score.sensitivity.mean == 1.0
    # The polyp's mark outlasts it by one frame: not an episode of its own, but a marked frame.
    assert score.specificity == pytest.approx(1 - 8 / 20)


def test_short_marks_are_no_alerts() -> None:
    score = procedure_score(frames(VIDEO), APPEARANCES, alert_ms=200)
    assert score.false_episodes == 1
    assert score.detection_s == pytest.approx(0.7)
    assert procedure_score(frames(VIDEO), APPEARANCES, alert_ms=300).false_episodes == 0


def test_a_polyp_seen_twice_is_one_polyp() -> None:
    """In sight for 0.5 s unmarked, out of sight for 1 s, marked 0.2 s after it is back."""
    appearances = [Appearance("a", 1.5, 2.5), Appearance("a", 0.0, 0.5), Appearance("b", 3.0, 4.0)]
    score = procedure_score(frames("." * 17 + "x" + "." * 22), appearances, alert_ms=0)
    assert score.polyps == 2
    assert score.detection_s == pytest.approx(0.7)
    assert score.sensitivity is not None and score.sensitivity.mean == 0.5
    assert score.false_episodes == 0


def test_without_polyps_there_is_no_sensitivity() -> None:
    score = procedure_score(frames("..xx.."), [], alert_ms=0)
    assert (score.polyps, score.sensitivity, score.detection_s) == (0, None, None)
    assert score.specificity == pytest.approx(4 / 6)


def test_a_video_of_polyps_alone_has_no_specificity() -> None:
    score = procedure_score(frames("..xx"), [Appearance("a", 0.0, 1.0)], alert_ms=0)
    assert (score.specificity, score.false_episodes_per_minute) == (None, None)


def test_time_is_that_of_the_video_where_frames_differ_in_length() -> None:
    """Ten frames of 0.1 s, then a hundred of 0.02 s: 3 s, with one mark among the short ones."""
    times_s = [n / 10 for n in range(10)] + [1 + n / 50 for n in range(100)]
    mark = (Region(10, 10, 20, 20, 400, 1.0),)
    table = [TableFrame(time_s, mark if n == 50 else ()) for n, time_s in enumerate(times_s)]
    score = procedure_score(table, [], alert_ms=0)
    assert score.polyp_free_minutes == pytest.approx(3 / 60)
    assert score.false_episodes_per_minute == pytest.approx(20)


def test_polyps_outside_a_cut_replay_are_not_missed_in_it() -> None:
    """Frames from 2 s to 4 s: "a" lies before them, "b" is in sight when they begin."""
    table = [TableFrame(2 + each.time_s, each.regions) for each in frames("." * 5 + "x" + "." * 14)]
    truth = [Appearance("a", 0.0, 1.5), Appearance("b", 0.5, 1.0), Appearance("b", 1.0, 3.0)]
    score = procedure_score(table, truth, alert_ms=0)
    assert (score.polyps, score.not_shown) == (1, ("a",))
    assert score.sensitivity is not None and score.sensitivity.mean == 1.0
    assert score.detection_s == pytest.approx(0.5)


def test_a_few_polyps_prove_little() -> None:
    """Two of two: by Wilson's formula at least 1 / (1 + 1.96^2 / 2), and not certainly all."""
    appearances = [Appearance("a", 0.0, 0.2), Appearance("b", 0.2, 0.4)]
    interval = procedure_score(frames("xxxx"), appearances, alert_ms=0).sensitivity
    assert interval is not None
    assert (interval.mean, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx(0.342, abs=5e-4)


@pytest.mark.slow
def test_the_phantoms_first_polyp_through_a_replay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = 2.0
    quickly = ("--no-video", "--input-size", "224", *ONE_RUNTIME)
    result = run_app("replay", DEMO_CLIP, "-o", tmp_path, "--end", str(seconds), *quickly)
    assert result.returncode == 0, result.stderr
    with PhantomSource(320, 180, DEMO["rate"], DEMO["seconds"], DEMO["seed"]) as phantom:
        in_sight = [phantom.has_polyp(index) for index in range(int(seconds * DEMO["rate"]))]
    lines, index = ["polyp,start_s,end_s"], 0
    for sight, run in groupby(in_sight):
        length = len(list(run))
        if sight:
            lines.append(
                f"first,{float(index / DEMO['rate'])},{float((index + length) / DEMO['rate'])}"
            )
        index += length
    truth = tmp_path / "truth.csv"
    truth.write_text("\n".join(lines), encoding="utf-8")
    table = tmp_path / "demo" / "frames.csv"
    score = procedure_score(read_table(table), read_truth(truth), alert_ms=100)
    assert score.polyps == 1
    assert score.sensitivity is not None and score.sensitivity.mean == 1.0
    assert score.detection_s is not None and score.detection_s < 1.0
    empty = in_sight.count(False)
    assert score.polyp_free_minutes == pytest.approx(empty / float(DEMO["rate"]) / 60, rel=0.02)
    assert main([str(table), str(truth), "--alert-ms", "100"]) == 0
    assert "| 100 ms | 1 | 1.000" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("table", "truth", "words"),
    [
        ("time_s,boxes\n0.0,\n", "polyp,start_s\na,0\n", "has no column end_s"),
        ("time_s,boxes\n0.0,\n", "polyp,start_s,end_s\na,0:01,0:02\n", "line 2: start_s and end_s"),
        ("time_s,boxes\n0.0,\n", "polyp,start_s,end_s\na,2,1\n", "line 2: end_s must be later"),
        ("time_s,boxes\n0.0,\n", "polyp,start_s,end_s\na,nan,1\n", "start_s and end_s are"),
        ("time_s,boxes\n0.0,\n", "polyp,start_s,end_s\na,-inf,1\n", "line 2: start_s and end_s"),
        ("time_s,boxes\n0.0,\n", "polyp,start_s,end_s\n,0,1\n", "line 2 names no polyp"),
        (
            "time_s,boxes\n0.0,\n",
            "polyp,start_s,end_s\nb,0,9\na,2,3\na,0,2.5\n",
            "line 4: a is already in sight then",
        ),
        ("time_s,boxes\nnan,\n", "polyp,start_s,end_s\n", "line 2 is no row"),
        ("time_s,boxes\n0.1,\n0.0,\n", "polyp,start_s,end_s\n", "line 3 is earlier"),
        ("time_s,boxes\nsoon,\n", "polyp,start_s,end_s\n", "line 2 is no row"),
        ("time_s,boxes\n0.0,1 2 3\n", "polyp,start_s,end_s\n", "line 2 is no row"),
        ("time_s,boxes\n", "polyp,start_s,end_s\n", "holds no frame"),
        ("index\n0\n", "polyp,start_s,end_s\n", "has no column time_s"),
        (None, "polyp,start_s,end_s\n", "table.csv cannot be read"),
    ],
)
def test_bad_files_are_one_sentence(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    table: str | None,
    truth: str,
    words: str,
) -> None:
    paths = tmp_path / "table.csv", tmp_path / "truth.csv"
    if table is not None:
        paths[0].write_text(table, encoding="utf-8")
    paths[1].write_text(truth, encoding="utf-8")
    with pytest.raises(DataError, match=words):
        read_truth(paths[1])
        read_table(paths[0])
    assert main([str(path) for path in paths]) == 1
    assert words in caplog.text


def test_the_figures_go_to_standard_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """Truth as spreadsheets save it: marked as UTF-8, lines with carriage returns."""
    table, truth = tmp_path / "frames.csv", tmp_path / "truth.csv"
    table.write_text("time_s,boxes\n0.0,1 2 3 4\n0.1,\n", encoding="utf-8")
    rows = ("polyp,start_s,end_s", "a,0.0,0.1", "b,7,8")
    truth.write_text("\r\n".join(rows), encoding="utf-8-sig")
    assert main([str(table), str(truth)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4
    assert lines[2].startswith("| 0 ms | 1 | 1.000 (0.207 to 1.000) | 0.00 s | 0 | 0.00 |")
    assert lines[3].startswith("| 200 ms | 1 | 0.000 (0.000 to 0.793) |  | 0 | 0.00 |")
    assert caplog.messages == [f"Not counted, since {table} has no frame of them: b."]


@pytest.mark.parametrize("alert_ms", ["-1", "nan", "inf", "soon"])
def test_a_time_that_is_none_is_wrong_usage(alert_ms: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["table.csv", "truth.csv", "--alert-ms", alert_ms])
    assert ended.value.code == 2
