"""Two moments and what lies between them, worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from app.bench.figures import figures_between
from app.bench.latencies import Distribution, Latencies
from app.bench.live_run import Moment
from app.bench.resources import Usage
from app.bench.stations import Stopwatch, TimedScreen
from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import Percentiles, PipelineSnapshot, StageSnapshot
from app.pipeline.pipeline import Pipeline
from app.sources.test_picture import TestPicture
from models.spec import ModelSpec
from tests.app.bench.runs import SIZE, stand_in

FRAME_MS = 16.7


@cache
def at_rest() -> PipelineSnapshot:
    """Of a pipeline that was never started."""
    stopwatch = Stopwatch()
    with TestPicture(SIZE) as source:
        screen = TimedScreen(stopwatch, ModelSpec, None)
        return Pipeline(source, stand_in(), screen, DropPolicy.LATEST).snapshot()


def distribution(*durations_ms: float) -> Distribution:
    latencies = Latencies()
    for duration_ms in durations_ms:
        latencies.add(duration_ms)
    return latencies.distribution()


def stage(name: str, dropped: int) -> StageSnapshot:
    return StageSnapshot(name, 0, 0, dropped, 0, Percentiles(5.0, 9.0), 0.0)


def moment(
    to_mask: Distribution,
    to_screen: Distribution,
    *,
    masked: int,
    lost: int,
    dropped: tuple[int, int],
    failures: int,
    usage: Usage,
) -> Moment:
    snapshot = replace(
        at_rest(),
        segment=stage("segment", dropped[0]),
        deliver=stage("deliver", dropped[1]),
        segmenter_failures=failures,
    )
    return Moment(to_mask, to_screen, masked, lost, snapshot, usage)


@cache
def before() -> Moment:
    return moment(
        distribution(900.0),
        distribution(900.0, 900.0),
        masked=1,
        lost=7,
        dropped=(3, 2),
        failures=1,
        usage=Usage(10.0, 5.0, {"pipeline-read": 1.0, "gone": 4.0}, 200.0, 150.0, 20, 9),
    )


@cache
def after() -> Moment:
    return moment(
        distribution(900.0, 6.0, 7.0, 30.0),
        distribution(900.0, 900.0, 8.0, 9.0, 16.0, 40.0),
        masked=4,
        lost=9,
        dropped=(8, 4),
        failures=2,
        usage=Usage(12.0, 6.0, {"pipeline-read": 1.2, "newcomer": 0.6}, 210.0, 160.0, 20, 9),
    )


def test_only_what_lies_between_counts() -> None:
    figures = figures_between(before(), after(), FRAME_MS)
    assert figures.seconds == 2.0
    assert figures.capture_to_mask_ms.worst == pytest.approx(30.0)
    assert figures.capture_to_mask_ms.p50 == pytest.approx(7.0)
    assert figures.capture_to_screen_ms.worst == pytest.approx(40.0)
    assert figures.segmenter_failures == 1
    assert figures.segment_ms == Percentiles(5.0, 9.0)


def test_a_frame_that_never_comes_is_dropped_and_late() -> None:
    figures = figures_between(before(), after(), FRAME_MS)
    assert figures.dropped_by_stage == {"source": 2, "segment": 5, "deliver": 2}
    assert figures.dropped == 4
    assert figures.frames == 4 + 4
    assert figures.frames_per_s == 8 / 2.0
    assert figures.late_share == (1 + 4) / 8
    assert figures.masked_share == 3 / 4


def test_processor_time_is_a_share_of_one_core() -> None:
    figures = figures_between(before(), after(), FRAME_MS)
    assert figures.cpu_share_of_one_core == 0.5
    assert list(figures.cpu_share_by_thread) == ["newcomer", "pipeline-read"]
    assert figures.cpu_share_by_thread == pytest.approx({"newcomer": 0.3, "pipeline-read": 0.1})


def test_nothing_between_divides_by_nothing() -> None:
    later = Usage(11.0, 5.0, {}, 200.0, 150.0, 20, 9)
    unchanged = moment(
        before().to_mask,
        before().to_screen,
        masked=1,
        lost=7,
        dropped=(3, 2),
        failures=1,
        usage=later,
    )
    figures = figures_between(before(), unchanged, FRAME_MS)
    assert (figures.frames, figures.late_share, figures.masked_share) == (0, 0.0, 0.0)
