"""Recorded video through a segmenter that works on several frames at a time."""

from __future__ import annotations

from threading import Event

import pytest

from app.pipeline.mailbox import DropPolicy
from app.pipeline.pipeline import Pipeline
from tests.app.pipeline.synthetic import (
    NumberedSource,
    NumberReaderAhead,
    NumberSink,
    awaited,
    joined,
)
from tests.waiting import wait_until


@pytest.mark.parametrize("depth", [1, 2, 3, 20])
def test_every_frame_has_its_own_mask_in_order(depth: int) -> None:
    segmenter, sink = NumberReaderAhead(depth), NumberSink()
    final = Pipeline(NumberedSource(3_000), segmenter, sink, DropPolicy.EVERY).run()
    assert sink.indices == sink.masked == list(range(3_000))
    assert sink.mismatches == 0
    assert final.segment is not None
    assert (final.segment.frames_out, final.segment.dropped) == (3_000, 0)


def test_frames_that_wait_are_begun_together() -> None:
    source = NumberedSource(50)
    segmenter = NumberReaderAhead(3, before_begin=lambda _: wait_until(lambda: source.given >= 8))
    Pipeline(source, segmenter, NumberSink(), DropPolicy.EVERY).run()
    assert segmenter.most_begun == 3


def test_a_frame_is_not_held_back_until_the_next_one_comes() -> None:
    next_may_come = Event()
    source = NumberedSource(2, lambda index: awaited(next_may_come) if index == 1 else None)
    sink = NumberSink()
    pipeline = Pipeline(source, NumberReaderAhead(3), sink, DropPolicy.EVERY)
    pipeline.start()
    wait_until(lambda: sink.masked == [0])
    next_may_come.set()
    joined(pipeline)
    assert sink.masked == [0, 1]


def test_frames_begun_before_the_one_that_cannot_be_begun_are_finished() -> None:
    def fail(index: int) -> None:
        if index == 7:
            raise ValueError("frame 7")

    segmenter, sink = NumberReaderAhead(3, before_begin=fail), NumberSink()
    with pytest.raises(ValueError, match="frame 7"):
        Pipeline(NumberedSource(20), segmenter, sink, DropPolicy.EVERY).run()
    assert sink.masked == list(range(7))
    assert (segmenter.left, sink.closed) == (1, 1)


def test_live_video_is_segmented_frame_by_frame() -> None:
    segmenter = NumberReaderAhead(3)
    Pipeline(NumberedSource(200), segmenter, NumberSink(), DropPolicy.LATEST).run()
    assert segmenter.most_begun == 0
