"""Live video with its segmenter in a process of its own, which is killed, frozen and slow."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from itertools import pairwise

import pytest

from app.frame import Annotated
from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import PipelineState
from app.pipeline.pipeline import Pipeline
from models.segmenter import Segmenter
from tests.app.pipeline.synthetic import (
    NumberedSource,
    NumberSink,
    joined,
    pipeline_threads,
)
from tests.leftovers import all_there_is
from tests.models.supervised import child_segmenters as child
from tests.processor_wait import ProcessorWait
from tests.waiting import wait_until

if sys.platform != "linux":
    pytest.skip("only on Linux it can have its own process", allow_module_level=True)

from models.supervised.supervised_segmenter import SupervisedSegmenter

RATE = Fraction(60)
LONGEST_GAP_S = 1.0
"""Between two frames; whatever blocks delivery in these tests would do so for longer."""
ENDLESS = 1 << 20
SLOW_START_S = 3.0


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    before = all_there_is()
    yield
    assert not all_there_is() - before


class TimedSink(NumberSink):
    """Knows the longest time between two frames."""

    def __init__(self) -> None:
        super().__init__()
        self._latest_s = 0.0
        self.longest_gap_s = 0.0

    def write(self, annotated: Annotated) -> None:
        super().write(annotated)
        now_s = time.monotonic()
        if self._latest_s:
            self.longest_gap_s = max(self.longest_gap_s, now_s - self._latest_s)
        self._latest_s = now_s


def await_masks(sink: NumberSink, count: int = 1) -> None:
    """So many more than there are now."""
    wanted = len(sink.masked) + count
    wait_until(lambda: len(sink.masked) >= wanted)


def await_failure(pipeline: Pipeline, number: int) -> None:
    """The first is number 1."""
    wait_until(lambda: pipeline.snapshot().segmenter_failures == number)


class Live:
    """A pipeline that shows each frame before the next is read, so that none may be missing."""

    def __init__(self, segmenter: SupervisedSegmenter) -> None:
        self.segmenter = segmenter
        self.sink = TimedSink()
        self.source = NumberedSource(ENDLESS, self._paced, RATE)
        self.pipeline = Pipeline(self.source, segmenter, self.sink, DropPolicy.LATEST)

    def _paced(self, index: int) -> None:
        wait_until(lambda: len(self.sink.indices) == index)
        time.sleep(float(1 / RATE))

    def start(self) -> None:
        self._wait = ProcessorWait()
        self.pipeline.start()

    def signal(self, number: signal.Signals) -> None:
        assert self.segmenter.pid is not None
        os.kill(self.segmenter.pid, number)

    def end(self) -> None:
        self.pipeline.stop()
        joined(self.pipeline)
        assert self.pipeline.snapshot().state is PipelineState.FINISHED
        assert self.sink.indices == list(range(self.source.given))
        assert self.sink.mismatches == 0
        assert self.sink.longest_gap_s < LONGEST_GAP_S + self._wait.s
        assert pipeline_threads() == []


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP])
def test_no_frame_is_lost_and_masks_come_back(fault: signal.Signals) -> None:
    live = Live(SupervisedSegmenter(child.echo))
    live.start()
    for failures in (1, 2):
        await_masks(live.sink)
        assert live.pipeline.snapshot().segmenter_error is None
        live.signal(fault)
        await_failure(live.pipeline, failures)
        failed = live.pipeline.snapshot()
        assert not failed.segmenter_entered
        assert "has to be started again" in str(failed.segmenter_error)
    await_masks(live.sink)
    live.end()


def test_a_slow_start_holds_no_frame_up() -> None:
    live = Live(SupervisedSegmenter(partial(child.slow_to_start, SLOW_START_S)))
    live.start()
    for failures in (1, 2):
        before = len(live.sink.indices)
        await_masks(live.sink)
        assert len(live.sink.indices) - before > 10
        live.signal(signal.SIGKILL)
        await_failure(live.pipeline, failures)
    live.end()


@pytest.mark.parametrize(
    "make",
    [partial(child.slow_to_start, 1e6), child.hanging],
    ids=["start", "work"],
)
def test_the_end_waits_neither_for_a_start_nor_for_an_answer(
    make: Callable[[], Segmenter],
) -> None:
    live = Live(SupervisedSegmenter(make))
    live.start()
    wait_until(lambda: len(live.sink.indices) > 20)
    time.sleep(1.0)
    wait = ProcessorWait()
    begun_s = time.monotonic()
    live.end()
    assert time.monotonic() - begun_s < 5.0 + wait.s
    assert live.pipeline.snapshot().segmenter_failures == 0


@pytest.mark.slow
def test_ten_thousand_stamped_frames_no_mismatch_under_kills() -> None:
    draw = random.Random(3)

    def pace(index: int) -> None:
        time.sleep(draw.uniform(0.0, 0.002))

    def linger(index: int) -> None:
        time.sleep(draw.choice([0.0, 0.0, 0.002]))

    segmenter = SupervisedSegmenter(partial(child.echo_with_delays, 3, 0.003))
    source, sink = NumberedSource(ENDLESS, pace, Fraction(500)), NumberSink(linger)
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.LATEST, restart_delay_s=0.01)
    pipeline.start()
    for failures, fault in enumerate((signal.SIGKILL, signal.SIGSTOP, signal.SIGKILL), start=1):
        await_masks(sink, 500)
        assert segmenter.pid is not None
        os.kill(segmenter.pid, fault)
        await_failure(pipeline, failures)
    wait_until(lambda: source.given >= 10_000)
    pipeline.stop()
    joined(pipeline)
    assert sink.mismatches == 0
    assert all(earlier < later for earlier, later in pairwise(sink.indices))
    assert sink.indices[-1] == source.given - 1
    final = pipeline.snapshot()
    assert final.deliver.frames_out + final.deliver.dropped == source.given
    assert final.masked == len(sink.masked) >= 1_500
