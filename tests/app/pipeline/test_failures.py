"""Whatever fails, wherever: the caller learns of it once, everything ends, nothing hangs."""

from __future__ import annotations

import logging
import threading
import time
from fractions import Fraction
from itertools import pairwise
from threading import Event

import pytest

from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import PipelineState
from app.pipeline.pipeline import Pipeline
from app.pipeline.segment_stage import RESTARTS
from tests.app.pipeline.synthetic import (
    NumberedSource,
    NumberReader,
    NumberSink,
    Step,
    awaited,
    joined,
    pipeline_threads,
)
from tests.waiting import wait_until


class BrokenError(Exception):
    """What the tests break with."""


def breaking_at(index_to_break: int) -> Step:
    def step(index: int) -> None:
        if index == index_to_break:
            raise BrokenError(f"at {index}")

    return step


def break_down(what: str) -> None:
    raise BrokenError(what)


class Parts:
    """A source, a segmenter and a sink of which one breaks at frame 7 or around it."""

    def __init__(self, where: str, count: int = 50) -> None:
        step = breaking_at(7)
        self.source = NumberedSource(count, step) if where == "read" else NumberedSource(count)
        self.segmenter = NumberReader(step) if where == "segment" else NumberReader()
        self.sink = NumberSink(step) if where == "write" else NumberSink()
        if where == "enter":
            self.segmenter.on_enter = lambda: break_down("on entry")
        if where == "exit":
            self.segmenter.on_exit = lambda: break_down("on exit")
        if where == "close":
            self.sink.on_close = lambda: break_down("on closing")
        if where == "interrupt":
            self.source.on_interrupt = lambda: break_down("on interruption")


EVERYWHERE = ["read", "enter", "segment", "exit", "write", "close", "interrupt"]
DELIVERED_BEFORE = {"read": 7, "enter": 0, "segment": 7, "write": 7}
"""Frames delivered under EVERY; all where the failure is at the end."""


@pytest.mark.parametrize("where", EVERYWHERE)
def test_recorded_video_ends_with_the_failure_itself(where: str) -> None:
    parts = Parts(where)
    pipeline = Pipeline(parts.source, parts.segmenter, parts.sink, DropPolicy.EVERY)
    with pytest.raises(BrokenError) as caught:
        pipeline.run()
    assert not hasattr(caught.value, "__notes__")
    delivered = DELIVERED_BEFORE.get(where, 50)
    assert parts.sink.indices == parts.sink.masked == list(range(delivered))
    assert (parts.source.interrupts, parts.sink.closed) == (1, 1)
    assert parts.segmenter.left == parts.segmenter.entered == (where != "enter")
    final = pipeline.snapshot()
    assert final.state is PipelineState.FAILED
    for stage in (final.read, final.segment, final.deliver):
        assert stage is not None
        assert stage.frames_in == stage.frames_out + stage.dropped
        assert stage.depth == 0
    assert pipeline_threads() == []
    assert pipeline.join()


@pytest.mark.parametrize("where", ["read", "write", "close", "interrupt"])
def test_live_video_ends_with_the_failure_of_source_or_sink(where: str) -> None:
    parts = Parts(where)
    if where == "write":
        # Each frame up to the fatal one is written, and none comes after it.
        parts.source = NumberedSource(
            50,
            lambda index: wait_until(
                lambda: len(parts.sink.indices) == index or parts.source.interrupts == 1
            ),
        )
    pipeline = Pipeline(parts.source, parts.segmenter, parts.sink, DropPolicy.LATEST)
    with pytest.raises(BrokenError) as caught:
        pipeline.run()
    assert not hasattr(caught.value, "__notes__")
    assert (parts.source.interrupts, parts.sink.closed) == (1, 1)
    assert pipeline.snapshot().state is PipelineState.FAILED
    assert pipeline_threads() == []


@pytest.mark.parametrize("where", ["enter", "segment", "exit"])
def test_live_video_goes_on_without_the_segmenter(
    where: str, caplog: pytest.LogCaptureFixture
) -> None:
    def wait(index: int) -> None:
        wait_until(lambda: len(parts.sink.indices) == index)
        wait_until(lambda: bool(failures) or pipeline.snapshot().segmenter_entered)

    parts = Parts(where)
    source = NumberedSource(50, wait)
    failures: list[Exception] = []
    pipeline = Pipeline(
        source,
        parts.segmenter,
        parts.sink,
        DropPolicy.LATEST,
        restart_delay_s=3600,
        on_segmenter_failure=failures.append,
    )
    with caplog.at_level(logging.WARNING):
        final = pipeline.run()
    assert parts.sink.indices == list(range(50))
    assert set(parts.sink.masked) <= set(range(50 if where == "exit" else 7))
    assert final.state is PipelineState.FINISHED
    assert [type(failure) for failure in failures] == [BrokenError]
    assert final.segmenter_error is failures[0]
    assert final.segmenter_failures == 1
    assert "goes on without it" in caplog.text
    assert (source.interrupts, parts.sink.closed) == (1, 1)
    assert final.segment is not None
    assert final.segment.frames_in == final.segment.frames_out + final.segment.dropped == 50


def test_a_live_segmenter_is_entered_again_after_it_failed() -> None:
    def wait(index: int) -> None:
        wait_until(lambda: len(sink.indices) == index)
        if index in (0, 9):
            wait_until(lambda: pipeline.snapshot().segmenter_entered)

    sink = NumberSink()
    source = NumberedSource(60, wait, Fraction(1, 30))
    segmenter = NumberReader(breaking_at(7))
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.LATEST, restart_delay_s=0.0)
    final = pipeline.run()
    assert sink.indices == list(range(60))
    # Frame 7 broke it, frame 8 passed while a restart was due.
    assert sink.masked == [*range(7), *range(9, 60)]
    assert (segmenter.entered, segmenter.left) == (2, 2)
    assert (final.segmenter_error, final.segmenter_failures) == (None, 1)


def test_a_live_segmenter_that_keeps_failing_stays_out(caplog: pytest.LogCaptureFixture) -> None:
    sink = NumberSink()
    source = NumberedSource(100, lambda index: wait_until(lambda: len(sink.indices) == index))
    segmenter = NumberReader()
    segmenter.on_enter = lambda: break_down("on entry")
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.LATEST, restart_delay_s=0.0)
    final = pipeline.run()
    assert sink.indices == list(range(100))
    assert sink.masked == []
    assert final.segmenter_failures == 1 + RESTARTS
    assert isinstance(final.segmenter_error, BrokenError)
    assert "stays out" in caplog.text


def test_each_restart_is_waited_for_twice_as_long() -> None:
    entered_s: list[float] = []

    def break_again() -> None:
        entered_s.append(time.monotonic())
        break_down("on entry")

    source = NumberedSource(1 << 20, lambda index: time.sleep(0.001))
    segmenter = NumberReader()
    segmenter.on_enter = break_again
    pipeline = Pipeline(source, segmenter, NumberSink(), DropPolicy.LATEST, restart_delay_s=0.01)
    pipeline.start()
    wait_until(lambda: len(entered_s) == 1 + RESTARTS)
    pipeline.stop()
    joined(pipeline)
    pauses_s = [later - earlier for earlier, later in pairwise(entered_s)]
    assert all(pause_s >= 0.01 * 2**times for times, pause_s in enumerate(pauses_s))


class Interruptible(NumberReader):
    """Hangs at frame 7, or when it is entered, until it is interrupted."""

    def __init__(self, where: str) -> None:
        self._interrupted = Event()
        super().__init__(lambda index: self._hang() if index == 7 else None)
        if where == "enter":
            self.on_enter = self._hang

    def interrupt(self) -> None:
        self._interrupted.set()

    def _hang(self) -> None:
        awaited(self._interrupted)
        break_down("by interruption")


@pytest.mark.parametrize("where", ["enter", "segment"])
def test_a_live_segmenter_that_hangs_is_interrupted_at_the_end(where: str) -> None:
    def wait(index: int) -> None:
        wait_until(lambda: len(sink.indices) == index)
        if index == 0 and where == "segment":
            wait_until(lambda: pipeline.snapshot().segmenter_entered)

    sink = NumberSink()
    segmenter = Interruptible(where)
    pipeline = Pipeline(NumberedSource(20, wait), segmenter, sink, DropPolicy.LATEST)
    final = pipeline.run()
    assert sink.indices == list(range(20))
    assert sink.masked == list(range(7 if where == "segment" else 0))
    assert segmenter.left == segmenter.entered == (where == "segment")
    assert (final.segmenter_failures, final.segmenter_error) == (0, None)
    assert pipeline_threads() == []


def test_a_failing_listener_does_not_stop_live_video(caplog: pytest.LogCaptureFixture) -> None:
    def wait(index: int) -> None:
        wait_until(lambda: len(sink.indices) == index)
        if index == 0:
            wait_until(lambda: pipeline.snapshot().segmenter_entered)

    sink = NumberSink()
    pipeline = Pipeline(
        NumberedSource(50, wait),
        NumberReader(breaking_at(7)),
        sink,
        DropPolicy.LATEST,
        on_segmenter_failure=lambda error: break_down("in the listener"),
    )
    final = pipeline.run()
    assert sink.indices == list(range(50))
    assert final.state is PipelineState.FINISHED
    assert "in the listener" in caplog.text


def test_the_first_failure_is_raised_and_the_others_are_its_notes() -> None:
    source = NumberedSource(50)
    segmenter = NumberReader(breaking_at(7))
    segmenter.on_exit = lambda: break_down("on exit")
    sink = NumberSink()
    sink.on_close = lambda: break_down("on closing")
    with pytest.raises(BrokenError, match="at 7") as caught:
        Pipeline(source, segmenter, sink, DropPolicy.EVERY).run()
    notes = sorted(caught.value.__notes__)
    assert notes == [
        "the pipeline also failed with BrokenError('on closing')",
        "the pipeline also failed with BrokenError('on exit')",
    ]
    assert sink.indices == list(range(7))


@pytest.mark.parametrize("policy", DropPolicy)
@pytest.mark.parametrize("fatal", [SystemExit, KeyboardInterrupt, MemoryError])
def test_no_kind_of_failure_is_lost(policy: DropPolicy, fatal: type[BaseException]) -> None:
    def step(index: int) -> None:
        if index == 3:
            raise fatal("in the source")

    sink = NumberSink()
    pipeline = Pipeline(NumberedSource(9, step), NumberReader(), sink, policy)
    pipeline.start()
    with pytest.raises(fatal, match="in the source"):
        joined(pipeline)
    assert sink.closed == 1
    assert pipeline_threads() == []


def test_only_one_of_many_callers_gets_the_failure() -> None:
    pipeline = Pipeline(NumberedSource(9, breaking_at(3)), None, NumberSink(), DropPolicy.EVERY)
    ready, results = Event(), list[bool | BaseException]()

    def join() -> None:
        ready.wait()
        try:
            results.append(pipeline.join())
        except BrokenError as error:
            results.append(error)

    callers = [threading.Thread(target=join) for _ in range(8)]
    pipeline.start()
    for caller in callers:
        caller.start()
    ready.set()
    for caller in callers:
        caller.join()
    assert results.count(True) == 7
    assert sum(isinstance(result, BrokenError) for result in results) == 1


def test_a_machine_without_threads_left_is_reported_and_the_sink_closed() -> None:
    source, segmenter, sink = NumberedSource(9), NumberReader(), NumberSink()
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.EVERY)
    usual = threading.stack_size(1 << 46)  # more than a process can address
    try:
        with pytest.raises(RuntimeError, match="can't start new thread"):
            pipeline.start()
    finally:
        threading.stack_size(usual)
    assert (source.given, source.interrupts, segmenter.entered, sink.closed) == (0, 1, 0, 1)
    assert pipeline_threads() == []
    assert pipeline.join()
