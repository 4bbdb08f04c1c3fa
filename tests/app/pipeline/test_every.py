"""Recorded video: every frame, with its own segmentation, in order."""

from __future__ import annotations

import time
from threading import Event

import pytest

from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import PipelineSnapshot, PipelineState
from app.pipeline.pipeline import CAPACITY, Pipeline
from tests.app.pipeline.synthetic import (
    AliveCount,
    NumberedSource,
    NumberReader,
    NumberSink,
    awaited,
    joined,
    pipeline_threads,
)
from tests.waiting import wait_until


def test_ten_thousand_frames_arrive_in_order_each_with_its_own_mask() -> None:
    source, segmenter, sink = NumberedSource(10_000), NumberReader(), NumberSink()
    final = Pipeline(source, segmenter, sink, DropPolicy.EVERY).run()
    assert sink.indices == sink.masked == list(range(10_000))
    assert sink.mismatches == 0
    assert final.state is PipelineState.FINISHED
    for stage in (final.read, final.segment, final.deliver):
        assert stage is not None
        assert (stage.frames_in, stage.frames_out, stage.dropped) == (10_000, 10_000, 0)
        assert stage.depth == 0
    assert final.masked == 10_000
    assert final.latency.p99_ms >= final.latency.p50_ms > 0


def test_without_a_segmenter_every_frame_goes_on_unmasked() -> None:
    sink = NumberSink()
    final = Pipeline(NumberedSource(500), None, sink, DropPolicy.EVERY).run()
    assert sink.indices == list(range(500))
    assert sink.masked == []
    assert final.segment is None
    assert (final.masked, final.deliver.frames_out) == (0, 500)


def test_an_empty_source_is_no_error() -> None:
    source, segmenter, sink = NumberedSource(0), NumberReader(), NumberSink()
    final = Pipeline(source, segmenter, sink, DropPolicy.EVERY).run()
    assert final.state is PipelineState.FINISHED
    assert sink.indices == []
    assert (source.interrupts, segmenter.entered, segmenter.left, sink.closed) == (1, 1, 1, 1)


def test_each_end_is_touched_by_one_thread_alone() -> None:
    source, segmenter, sink = NumberedSource(50), NumberReader(), NumberSink()
    Pipeline(source, segmenter, sink, DropPolicy.EVERY).run()
    assert len(source.threads) == len(segmenter.threads) == len(sink.threads) == 1
    assert len(source.threads | segmenter.threads | sink.threads) == 3
    assert pipeline_threads() == []


@pytest.mark.parametrize("capacity", [1, 3, None])
def test_a_sink_that_stands_still_holds_the_reader_back(capacity: int | None) -> None:
    go_on = Event()
    source, segmenter = NumberedSource(100), NumberReader()
    sink = NumberSink(before=lambda index: awaited(go_on))
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.EVERY, capacity=capacity)
    pipeline.start()
    room = capacity or CAPACITY[DropPolicy.EVERY]
    # One frame is in the sink's hands, `room` wait, one is in the reader's hands.
    wait_until(lambda: source.given == room + 2)
    time.sleep(0.05)
    assert source.given == room + 2
    assert pipeline.snapshot().deliver.depth == room
    go_on.set()
    joined(pipeline)
    assert sink.indices == sink.masked == list(range(100))


def test_a_segmenter_that_stands_still_holds_everything_back() -> None:
    go_on = Event()
    source, sink = NumberedSource(100), NumberSink()
    segmenter = NumberReader(before=lambda index: awaited(go_on) if index == 10 else None)
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.EVERY)
    pipeline.start()
    wait_until(lambda: len(sink.indices) == 10)
    time.sleep(0.05)
    assert sink.indices == list(range(10))
    go_on.set()
    joined(pipeline)
    assert sink.indices == sink.masked == list(range(100))


def test_memory_is_bounded() -> None:
    source = NumberedSource(2_000)
    alive = AliveCount(source)
    sink = NumberSink(before=alive)
    Pipeline(source, NumberReader(), sink, DropPolicy.EVERY, capacity=4).run()
    # Four wait; each of three stages holds one, and the segmenter one that it has just answered.
    assert alive.most <= 4 + 4
    assert len(sink.indices) == 2_000


def test_snapshots_from_another_thread_add_up_at_every_moment() -> None:
    source, segmenter, sink = NumberedSource(3_000), NumberReader(), NumberSink()
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.EVERY)
    snapshots: list[PipelineSnapshot] = [pipeline.snapshot()]
    pipeline.start()
    while not pipeline.join(0.001):
        snapshots.append(pipeline.snapshot())
    snapshots.append(pipeline.snapshot())
    for snapshot in snapshots:
        for stage in (snapshot.read, snapshot.segment, snapshot.deliver):
            assert stage is not None
            assert stage.frames_in >= stage.frames_out + stage.dropped
            assert stage.depth <= CAPACITY[DropPolicy.EVERY]
        assert snapshot.deliver.frames_in <= snapshot.read.frames_in
    assert snapshots[0].state is PipelineState.NEW
    assert snapshots[1].state is PipelineState.RUNNING
    assert snapshots[-1].state is PipelineState.FINISHED
    out = [snapshot.deliver.frames_out for snapshot in snapshots]
    assert out == sorted(out)


def test_live_settings_are_refused_for_recorded_video() -> None:
    with pytest.raises(ValueError, match="mask_wait_ms is for live video"):
        Pipeline(NumberedSource(1), None, NumberSink(), DropPolicy.EVERY, mask_wait_ms=5)
    with pytest.raises(ValueError, match="at least 1"):
        Pipeline(NumberedSource(1), None, NumberSink(), DropPolicy.EVERY, capacity=0)
