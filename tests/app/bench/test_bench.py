"""A live run, measured from outside: everything adds up, and failures are told."""

from __future__ import annotations

import sys
import threading
import time
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from app.bench import live_run
from app.bench.bench import Benchmark, BenchPlan, bench
from app.bench.live_run import WARM_UP_S, LiveRun
from app.bench.report import Report
from app.frame import Frame
from app.sources.base import SourceError
from app.sources.excerpt import Excerpt
from app.sources.file import FileSource
from app.sources.test_picture import TestPicture
from models.backends.base import BackendError
from models.backends.stand_in import StandInBackend
from models.segmenter import Segmenter
from models.spec import ModelSpec
from tests.app.bench.runs import RATE, SIZE, STAND_IN_MS, FailingBackend, measured, stand_in
from tests.app.sources.videos import MP4, write_video
from tests.models.supervised.child_segmenters import slow_to_start
from tests.processor_wait import ProcessorWait

PLAN = BenchPlan(None, STAND_IN_MS, own_process=False, seconds=1.0, soak=False)


def ignore(report: Report) -> None:
    """What a run without intervals calls never."""
    raise AssertionError(report)


@pytest.fixture(scope="module")
def benchmark() -> Benchmark:
    return measured(stand_in(), 2.0)


def test_every_frame_is_shown_or_dropped_and_takes_its_time(benchmark: Benchmark) -> None:
    report, figures = benchmark.report, benchmark.report.figures
    assert report.finished
    assert figures.frames == pytest.approx(figures.seconds * RATE, abs=15)
    assert benchmark.to_screen.total == figures.frames - figures.dropped
    assert figures.capture_to_mask_ms.p50 > STAND_IN_MS
    to_screen = figures.capture_to_screen_ms
    assert 0 < to_screen.p50 <= to_screen.p95 <= to_screen.p99 <= to_screen.worst
    assert figures.dropped == sum(
        figures.dropped_by_stage[stage] for stage in ("source", "deliver")
    )
    assert 0 <= figures.late_share <= 1
    assert figures.masked_share > 0
    assert figures.segmenter_failures == 0
    assert report.soak is None


def test_processor_memory_handles_and_threads_are_there(benchmark: Benchmark) -> None:
    report = benchmark.report
    assert 0 < report.figures.cpu_share_of_one_core < 2
    assert {"pipeline-read", "pipeline-segment", "pipeline-deliver"} <= set(
        report.figures.cpu_share_by_thread
    )
    for extent in (report.memory_mb, report.handles, report.threads):
        assert 0 < extent.end <= extent.most
        assert extent.start <= extent.most
    assert report.threads.end >= 4


def test_it_says_what_was_measured_and_that_no_network_ran(benchmark: Benchmark) -> None:
    subject = benchmark.report.subject
    assert (subject.source, subject.width, subject.height) == ("test picture", *SIZE)
    assert subject.rate == float(RATE)
    assert (subject.backend, subject.stand_in_ms) == ("stand-in", STAND_IN_MS)
    assert not subject.own_process


def test_a_runtime_that_never_works_is_an_error_and_leaves_no_thread() -> None:
    before = threading.active_count()
    with pytest.raises(BackendError, match="on purpose"):
        measured(Segmenter(FailingBackend(every=1)), 1.0)
    assert threading.active_count() == before


def test_failures_during_the_run_are_counted_and_frames_go_on() -> None:
    figures = measured(Segmenter(FailingBackend(every=70)), 2.0).report.figures
    assert figures.segmenter_failures >= 1
    assert 0 < figures.masked_share < 1
    assert figures.dropped_by_stage["segment"] > 0


def test_a_source_that_breaks_down_is_an_error() -> None:
    class Broken(TestPicture):
        def read(self) -> Frame | None:
            frame = super().read()
            if frame is not None and frame.index == 70:
                raise SourceError("The cable is out.")
            return frame

    with Broken(SIZE, RATE) as source, pytest.raises(SourceError, match="cable"):
        bench(
            source,
            stand_in(),
            BenchPlan(None, None, own_process=False, seconds=20.0, soak=False),
            ignore,
        )


class Silenced(TestPicture):
    """Gives ``frames`` frames, and then nothing for ever."""

    def __init__(self, frames: int) -> None:
        super().__init__(SIZE, RATE)
        self._frames = frames
        self._interrupted = threading.Event()

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is not None and frame.index >= self._frames:
            self._interrupted.wait()
            return None
        return frame

    def interrupt(self) -> None:
        self._interrupted.set()
        super().interrupt()


class SlowToEnter(Segmenter):
    def __enter__(self) -> Self:
        time.sleep(1.0)
        return super().__enter__()


def test_a_source_that_falls_silent_before_the_first_mask_is_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_run, "SILENCE_LIMIT_S", 1.5)
    segmenter = SlowToEnter(StandInBackend(ModelSpec(), STAND_IN_MS))
    with Silenced(frames=5) as source, pytest.raises(SourceError, match="check its signal"):
        bench(source, segmenter, PLAN, ignore)


def test_a_source_that_is_silent_while_it_is_measured_is_an_error() -> None:
    frames = int(RATE * WARM_UP_S / 2)
    with Silenced(frames) as source, pytest.raises(SourceError, match="while it was measured"):
        bench(source, stand_in(), PLAN, ignore)


@pytest.mark.skipif(sys.platform != "linux", reason="a process of its own is Linux's")
def test_the_end_does_not_wait_for_a_network_that_starts_slowly() -> None:
    from models.supervised.supervised_segmenter import SupervisedSegmenter

    segmenter = SupervisedSegmenter(partial(slow_to_start, 1e6))
    with TestPicture(SIZE, RATE) as source:
        with LiveRun(source, segmenter, None):
            time.sleep(1.0)
            wait = ProcessorWait()
            begun_s = time.monotonic()
        assert time.monotonic() - begun_s < 5.0 + wait.s


def test_a_source_that_ends_ends_the_run(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", MP4, 100, rate=30)
    # Not paced, and not seekable: it is over at once.
    with (
        Excerpt(FileSource(clip), 0.0, None) as source,
        pytest.raises(SourceError, match="longer recording"),
    ):
        bench(source, stand_in(), PLAN, ignore)


def test_a_soak_tells_how_things_stand_after_each_interval() -> None:
    told: list[Report] = []
    plan = BenchPlan(None, STAND_IN_MS, own_process=False, seconds=3.0, soak=True)
    with TestPicture(SIZE, Fraction(60)) as source:
        report = bench(source, stand_in(), plan, told.append).report
    assert [len(each.soak.rows) for each in told if each.soak is not None] == list(range(1, 11))
    assert not any(each.finished for each in told)
    assert report.finished
    assert report.soak is not None
    assert told[-1].soak == report.soak
    ended_s = [row.ended_s for row in report.soak.rows]
    assert all(ended >= 0.3 * number for number, ended in enumerate(ended_s, 1))
    assert ended_s == sorted(ended_s)
    assert sum(row.frames for row in report.soak.rows) <= report.figures.frames
