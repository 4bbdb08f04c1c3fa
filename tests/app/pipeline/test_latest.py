"""Live video: the picture goes on at its own pace, whatever the segmenter does."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from fractions import Fraction
from itertools import pairwise
from threading import Event

import pytest

from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import PipelineSnapshot, PipelineState
from app.pipeline.pipeline import Pipeline
from models.picture import Picture
from models.segmentation import Segmentation
from tests.app.pipeline.synthetic import (
    AliveCount,
    NumberedSource,
    NumberReader,
    NumberSink,
    Step,
    at_once,
    awaited,
    drawn,
    joined,
    segmentation_of,
)
from tests.waiting import wait_until

LONG_FRAME_TIME = Fraction(1, 30)
"""Frames/s at which a frame may wait 30 s for its mask: time plays no part in the test."""


class Lockstep:
    """A source that gives a frame once the one before it was delivered: nothing is too late."""

    def __init__(self, count: int, rate: Fraction = Fraction(25)) -> None:
        self.before_first: Callable[[], None] = lambda: None
        self.sink = NumberSink()
        self.source = NumberedSource(count, self._until_delivered, rate)

    def _until_delivered(self, index: int) -> None:
        if index == 0:
            self.before_first()
        wait_until(lambda: len(self.sink.indices) == index)


def test_a_segmenter_in_time_masks_every_frame() -> None:
    live = Lockstep(1_000, LONG_FRAME_TIME)
    pipeline = Pipeline(live.source, NumberReader(), live.sink, DropPolicy.LATEST)
    live.before_first = lambda: wait_until(lambda: pipeline.snapshot().segmenter_entered)
    final = pipeline.run()
    assert live.sink.indices == live.sink.masked == list(range(1_000))
    assert live.sink.mismatches == 0
    assert final.masked == 1_000
    assert (final.deliver.dropped, final.segment and final.segment.dropped) == (0, 0)


@pytest.mark.parametrize("mask_wait_ms", [None, 0, 5, 60_000])
def test_a_frozen_segmenter_loses_no_frame(mask_wait_ms: float | None) -> None:
    thaw = Event()
    live = Lockstep(40, rate=Fraction(50))
    segmenter = NumberReader(before=lambda index: awaited(thaw))
    pipeline = Pipeline(
        live.source, segmenter, live.sink, DropPolicy.LATEST, mask_wait_ms=mask_wait_ms
    )
    pipeline.start()
    wait_until(lambda: live.sink.closed == 1)
    assert live.sink.indices == list(range(40))
    assert live.sink.masked == []
    assert pipeline.join(0.0) is False
    assert pipeline.snapshot().state is PipelineState.STOPPING
    thaw.set()
    joined(pipeline)
    final = pipeline.snapshot()
    assert (final.deliver.frames_out, final.deliver.dropped, final.masked) == (40, 0, 0)
    assert final.segment is not None
    assert final.segment.frames_in == 40
    # The frame that was in its hands is segmented after all, too late; the rest never is.
    assert (final.segment.frames_out, final.segment.dropped) == (1, 39)


def test_a_late_mask_is_seen_on_no_frame() -> None:
    """Each mask is ready only after its frame was delivered."""
    live = Lockstep(100)
    segmenter = NumberReader(
        before=lambda index: wait_until(lambda: len(live.sink.indices) > index)
    )
    final = Pipeline(live.source, segmenter, live.sink, DropPolicy.LATEST, mask_wait_ms=0.5).run()
    assert live.sink.indices == list(range(100))
    assert (live.sink.masked, live.sink.mismatches, final.masked) == ([], 0, 0)
    assert final.segment is not None
    assert final.segment.frames_out >= 1


def test_masks_return_once_the_segmenter_thaws() -> None:
    thaw = Event()
    live = Lockstep(60, rate=Fraction(1, 2))
    segmenter = NumberReader(before=lambda index: awaited(thaw) if index == 5 else None)
    pipeline = Pipeline(live.source, segmenter, live.sink, DropPolicy.LATEST, mask_wait_ms=20)
    pipeline.start()
    wait_until(lambda: len(live.sink.indices) > 10)
    thaw.set()
    wait_until(lambda: bool(live.sink.masked) and live.sink.masked[-1] > 10)
    joined(pipeline)
    assert live.sink.indices == list(range(60))
    assert live.sink.mismatches == 0
    assert 5 not in live.sink.masked


def test_a_slow_sink_gets_the_newest_and_queues_stay_short() -> None:
    in_write, go_on = Event(), Event()

    def stand_still(index: int) -> None:
        if index == 0:
            in_write.set()
            awaited(go_on)

    source = NumberedSource(500, before=lambda index: awaited(in_write) if index else None)
    sink = NumberSink(stand_still)
    pipeline = Pipeline(source, NumberReader(), sink, DropPolicy.LATEST)
    pipeline.start()
    snapshots: list[PipelineSnapshot] = []
    while pipeline.snapshot().read.frames_out < 500:
        snapshots.append(pipeline.snapshot())
    go_on.set()
    joined(pipeline)
    assert sink.indices == [0, 498, 499]
    final = pipeline.snapshot()
    assert (final.deliver.frames_in, final.deliver.frames_out, final.deliver.dropped) == (
        500,
        3,
        497,
    )
    assert max(snapshot.deliver.depth for snapshot in snapshots) <= 2
    assert max(snapshot.segment.depth for snapshot in snapshots if snapshot.segment) <= 1


@pytest.mark.parametrize("slow", ["segmenter", "sink", "neither"])
def test_ten_thousand_stamped_frames_no_mismatch(slow: str) -> None:
    def linger(index: int) -> None:
        time.sleep(0.0003)

    def pace(index: int) -> None:
        if index % 8 == 0:
            time.sleep(0.0002)

    segmenter_step: Step = linger if slow == "segmenter" else at_once
    sink_step: Step = linger if slow == "sink" else at_once
    source, sink = NumberedSource(10_000, pace), NumberSink(sink_step)
    final = Pipeline(
        source, NumberReader(segmenter_step), sink, DropPolicy.LATEST, mask_wait_ms=2
    ).run()
    assert sink.mismatches == 0
    assert all(earlier < later for earlier, later in pairwise(sink.indices))
    assert sink.indices[-1] == 9_999
    assert final.deliver.frames_out == len(sink.indices)
    assert final.masked == len(sink.masked)
    assert final.deliver.frames_out + final.deliver.dropped == 10_000
    assert final.segment is not None
    assert final.segment.frames_out + final.segment.dropped == 10_000
    assert final.segment.frames_out >= final.masked


@contextmanager
def busy_processors() -> Iterator[None]:
    """Every core has something else to do."""
    busy = [sys.executable, "-c", "while True: pass"]
    with ExitStack() as running:
        for _ in range(os.cpu_count() or 1):
            process = running.enter_context(subprocess.Popen(busy))
            running.callback(process.kill)
        yield


def at_random(seed: int, longest_s: float) -> Step:
    draw = random.Random(seed)
    return lambda index: time.sleep(draw.choice((0.0, draw.uniform(0.0, longest_s))))


@pytest.mark.slow
def test_ten_thousand_stamped_frames_no_mismatch_under_load_and_random_delays() -> None:
    source, sink = NumberedSource(10_000, at_random(1, 0.001)), NumberSink(at_random(2, 0.002))
    segmenter = NumberReader(at_random(3, 0.004))
    with busy_processors():
        final = Pipeline(source, segmenter, sink, DropPolicy.LATEST, mask_wait_ms=2).run()
    assert sink.mismatches == 0
    assert all(earlier < later for earlier, later in pairwise(sink.indices))
    assert final.deliver.frames_out + final.deliver.dropped == 10_000
    assert 0 < final.masked == len(sink.masked) < len(sink.indices), "some were in time, some late"
    assert final.deliver.dropped > 0


def test_memory_is_bounded_while_the_segmenter_is_frozen() -> None:
    thaw = Event()
    source = NumberedSource(2_000)
    alive = AliveCount(source)
    sink = NumberSink(before=alive)
    segmenter = NumberReader(before=lambda index: awaited(thaw))
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.LATEST, mask_wait_ms=0)
    pipeline.start()
    wait_until(lambda: sink.closed == 1)
    segment = pipeline.snapshot().segment
    assert segment is not None
    assert segment.depth == 1
    thaw.set()
    joined(pipeline)
    # Two wait for the sink and one for the segmenter; each of three stages holds one.
    assert alive.most <= 3 + 3


def test_without_a_segmenter_no_frame_waits() -> None:
    live = Lockstep(50, LONG_FRAME_TIME)
    final = Pipeline(live.source, None, live.sink, DropPolicy.LATEST).run()
    assert live.sink.indices == list(range(50))
    assert final.segment is None


class Mixer(NumberReader):
    """Answers with the mask of the frame before."""

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        return segmentation_of(drawn(frame_index - 1), frame_index - 1)


def test_the_mask_of_another_frame_is_refused() -> None:
    live = Lockstep(20, LONG_FRAME_TIME)
    pipeline = Pipeline(live.source, Mixer(), live.sink, DropPolicy.LATEST, restart_delay_s=0.0)
    live.before_first = lambda: wait_until(lambda: pipeline.snapshot().segmenter_entered)
    final = pipeline.run()
    assert live.sink.indices == list(range(20))
    assert live.sink.masked == []
    assert isinstance(final.segmenter_error, ValueError)
    with pytest.raises(ValueError, match="segmentation of frame -1 was put on frame 0"):
        Pipeline(NumberedSource(20), Mixer(), NumberSink(), DropPolicy.EVERY).run()


def test_a_longer_queue_is_refused() -> None:
    with pytest.raises(ValueError, match="at most 2 frames"):
        Pipeline(NumberedSource(1), None, NumberSink(), DropPolicy.LATEST, capacity=3)
