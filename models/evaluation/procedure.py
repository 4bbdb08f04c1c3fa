"""Measures on a whole recorded procedure: ``python -m models.evaluation.procedure TABLE TRUTH``.

TABLE is the ``frames.csv`` that a replay leaves. TRUTH is a CSV file with the columns ``polyp``,
``start_s`` and ``end_s``: a row for each time that a polyp is in sight, from its first frame up to
the first without it. A polyp may come into sight several times, several may be in sight at once;
where on the picture they are is not looked at. Of a replay that was cut, what is in sight before
its first frame or after its last does not count.
"""

from __future__ import annotations

import argparse
import csv
import logging
import math
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from pathlib import Path

if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

from models.alert import AlertState
from models.evaluation.bootstrap import Interval, share_interval
from models.evaluation.command_line import exit_code_of, say
from models.evaluation.report import markdown_table
from models.option_values import number_within
from models.regions import Region
from models.training.lists import DataError

log = logging.getLogger(__name__)

ALERT_MS = 200.0
"""About the shortest that no polyp is missed for, and most false marks do not last."""
LONGEST_ALERT_MS = 60_000.0


@dataclass(frozen=True, slots=True)
class TableFrame:
    """A row of the table."""

    time_s: float
    regions: tuple[Region, ...]
    """Boxes alone; area and peak are those of nothing."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """A polyp is in sight in frames from ``start_s`` on and before ``end_s``."""

    polyp: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class ProcedureScore:
    """What a viewer of the whole video saw of its alerts."""

    polyps: int
    sensitivity: Interval | None
    """Share of polyps with an alert while in sight; None of none."""
    not_shown: tuple[str, ...]
    """Polyps of the truth that no frame shows; they are not counted."""
    detection_s: float | None
    """Median over the polyps found: how long they were in sight until the first alert."""
    polyp_free_minutes: float
    false_episodes: int
    """Stretches of alert without any polyp in sight from beginning to end."""
    specificity: float | None
    """Share of frames without alert among those without a polyp in sight; None of none."""

    @property
    def false_episodes_per_minute(self) -> float | None:
        """Of the time without a polyp in sight; None where there is none."""
        minutes = self.polyp_free_minutes
        return self.false_episodes / minutes if minutes else None


def procedure_score(
    frames: Sequence[TableFrame], appearances: Sequence[Appearance], alert_ms: float
) -> ProcedureScore:
    """Scores the frames of one video, in order, when regions are marked after ``alert_ms``."""
    durations_s = _durations_s(frames)
    end_s = frames[-1].time_s + durations_s[-1]
    names = dict.fromkeys(each.polyp for each in appearances)
    appearances = [
        replace(each, start_s=max(each.start_s, frames[0].time_s), end_s=min(each.end_s, end_s))
        for each in appearances
        if any(each.start_s <= frame.time_s < each.end_s for frame in frames)
    ]
    alerted = _alerted(frames, alert_ms)
    in_sight = [
        any(each.start_s <= frame.time_s < each.end_s for each in appearances) for frame in frames
    ]
    states = list(zip(alerted, in_sight, strict=True))
    episodes = [
        [sight for _, sight in states_of_one]
        for is_alert, states_of_one in groupby(states, key=lambda state: state[0])
        if is_alert
    ]
    empty = [alert for alert, sight in states if not sight]
    by_polyp = {
        name: [each for each in appearances if each.polyp == name]
        for name in dict.fromkeys(each.polyp for each in appearances)
    }
    alert_times_s = [frame.time_s for frame, alert in zip(frames, alerted, strict=True) if alert]
    delays_s = [_delay_s(of_one, alert_times_s) for of_one in by_polyp.values()]
    found_s = [delay_s for delay_s in delays_s if delay_s is not None]
    empty_s = [
        duration_s for duration_s, sight in zip(durations_s, in_sight, strict=True) if not sight
    ]
    return ProcedureScore(
        polyps=len(by_polyp),
        sensitivity=share_interval(len(found_s), len(by_polyp)),
        not_shown=tuple(name for name in names if name not in by_polyp),
        detection_s=statistics.median(found_s) if found_s else None,
        polyp_free_minutes=math.fsum(empty_s) / 60,
        false_episodes=sum(not any(episode) for episode in episodes),
        specificity=1 - sum(empty) / len(empty) if empty else None,
    )


def _alerted(frames: Sequence[TableFrame], alert_ms: float) -> list[bool]:
    """Whether each frame shows a mark."""
    state, alerted = AlertState(), []
    for frame in frames:
        state = state.advanced(frame.regions, frame.time_s)
        alerted.append(bool(state.alerts(alert_ms)))
    return alerted


def _delay_s(appearances: Sequence[Appearance], alert_times_s: Sequence[float]) -> float | None:
    """How long a polyp was in sight until the first alert; None without one."""
    seen_s = 0.0
    for each in sorted(appearances, key=lambda appearance: appearance.start_s):
        times_s = [time_s for time_s in alert_times_s if each.start_s <= time_s < each.end_s]
        if times_s:
            return seen_s + times_s[0] - each.start_s
        seen_s += each.end_s - each.start_s
    return None


def _durations_s(frames: Sequence[TableFrame]) -> list[float]:
    """For how long each frame is shown: until the next; the last one as long as most."""
    steps_s = [after.time_s - before.time_s for before, after in pairwise(frames)]
    return [*steps_s, statistics.median(steps_s) if steps_s else 0.0]


def read_table(path: Path) -> list[TableFrame]:
    """Raises DataError where ``path`` is no replay's table."""
    frames: list[TableFrame] = []
    for number, row in _rows(path, ("time_s", "boxes")):
        try:
            boxes = [tuple(map(int, box.split())) for box in row["boxes"].split(";") if box]
            regions = tuple(Region(x, y, w, h, w * h, 1.0) for x, y, w, h in boxes)
            time_s = _seconds(row["time_s"])
        except ValueError as error:
            raise DataError(f"{path}, line {number} is no row of a replay's table.") from error
        if frames and time_s < frames[-1].time_s:
            raise DataError(f"{path}, line {number} is earlier than the line before it.")
        frames.append(TableFrame(time_s, regions))
    if not frames:
        raise DataError(f"{path} holds no frame; give the frames.csv of a whole replay.")
    return frames


def read_truth(path: Path) -> list[Appearance]:
    """The rows of ``path``.

    Raises:
        DataError: a row is damaged, names no polyp, ends before it starts, or overlaps another row
            of its polyp.
    """
    appearances: list[Appearance] = []
    for number, row in _rows(path, ("polyp", "start_s", "end_s")):
        try:
            each = Appearance(row["polyp"], _seconds(row["start_s"]), _seconds(row["end_s"]))
        except ValueError as error:
            raise DataError(f"{path}, line {number}: start_s and end_s are in seconds.") from error
        if not each.polyp:
            raise DataError(f"{path}, line {number} names no polyp; give each one a name.")
        if not each.start_s < each.end_s:
            raise DataError(f"{path}, line {number}: end_s must be later than start_s.")
        if any(
            other.polyp == each.polyp and each.start_s < other.end_s and other.start_s < each.end_s
            for other in appearances
        ):
            # Time in sight would count twice.
            raise DataError(
                f"{path}, line {number}: {each.polyp} is already in sight then; join the rows."
            )
        appearances.append(each)
    return appearances


def _seconds(text: str) -> float:
    seconds = float(text)
    if not math.isfinite(seconds):
        raise ValueError(f"{text} is no moment of a video")
    return seconds


def _rows(path: Path, columns: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """The rows of a CSV file with their lines' numbers."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:  # spreadsheets mark UTF-8 so
            table = csv.DictReader(file, restval="")
            rows = [(table.line_num, row) for row in table]
            names = table.fieldnames or []
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read ({error}).") from error
    missing = [column for column in columns if column not in names]
    if missing:
        raise DataError(f"{path} has no column {missing[0]}; its first line must name the columns.")
    return rows


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m models.evaluation.procedure", description=__doc__
    )
    parser.add_argument("table", type=Path, help="frames.csv of a replay")
    parser.add_argument("truth", type=Path, help="a CSV file: polyp, start_s, end_s")
    parser.add_argument(
        "--alert-ms",
        type=number_within(0, LONGEST_ALERT_MS),
        default=ALERT_MS,
        help="how long a region lasts before it is marked (default: %(default)g)",
    )
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: _score(options), debug=options.debug)


def _score(options: argparse.Namespace) -> None:
    frames, truth = read_table(options.table), read_truth(options.truth)
    scores = {each: procedure_score(frames, truth, each) for each in {0.0, options.alert_ms}}
    not_shown = scores[options.alert_ms].not_shown
    if not_shown:
        log.warning(
            "Not counted, since %s has no frame of them: %s.", options.table, ", ".join(not_shown)
        )
    say(_table(scores))


def _table(scores: dict[float, ProcedureScore]) -> str:
    columns = (
        "marked after",
        "polyps",
        "sensitivity",
        "time to first detection",
        "false episodes",
        "a minute without polyp",
        "specificity of frames",
    )
    rows = [
        (
            f"{alert_ms:g} ms",
            score.polyps,
            score.sensitivity or "",
            "" if score.detection_s is None else f"{score.detection_s:.2f} s",
            score.false_episodes,
            _shown(score.false_episodes_per_minute, ".2f"),
            _shown(score.specificity, ".1%"),
        )
        for alert_ms, score in sorted(scores.items())
    ]
    return markdown_table(columns, rows)


def _shown(value: float | None, how: str) -> str:
    return "" if value is None else format(value, how)


if __name__ == "__main__":
    sys.exit(main())
