"""``stop`` and Ctrl-C: what was read is delivered, everything ends."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from threading import Event
from types import FrameType

import pytest

from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import PipelineState
from app.pipeline.pipeline import Pipeline
from models.interruptions import start_uninterrupted
from tests.app.pipeline.synthetic import (
    WATCHDOG_S,
    NumberedSource,
    NumberReader,
    NumberSink,
    awaited,
    joined,
    pipeline_threads,
)
from tests.locations import ROOT
from tests.waiting import wait_until

ENDLESS = 1 << 23


@pytest.fixture(autouse=True)
def ctrl_c_raises() -> Iterator[None]:
    """A shell that runs the tests in the background has them ignore SIGINT."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


def slow(index: int) -> None:
    time.sleep(0.0005)


def test_what_was_read_before_stop_is_segmented_and_delivered() -> None:
    source, segmenter, sink = NumberedSource(ENDLESS), NumberReader(slow), NumberSink()
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.EVERY)
    pipeline.start()
    wait_until(lambda: len(sink.indices) >= 20)
    pipeline.stop()
    pipeline.stop()
    joined(pipeline)
    assert sink.indices == sink.masked == list(range(source.given))
    assert (source.interrupts, segmenter.left, sink.closed) == (1, 1, 1)
    assert pipeline.snapshot().state is PipelineState.FINISHED


@pytest.mark.parametrize("policy", DropPolicy)
def test_stop_before_start_delivers_nothing(policy: DropPolicy) -> None:
    source, segmenter, sink = NumberedSource(ENDLESS), NumberReader(), NumberSink()
    pipeline = Pipeline(source, segmenter, sink, policy)
    pipeline.stop()
    pipeline.run()
    assert sink.indices == []
    assert (source.interrupts, segmenter.left, sink.closed) == (1, 1, 1)


@pytest.mark.parametrize("place", ["source", "segmenter", "sink"])
def test_stop_may_come_from_any_stage(place: str) -> None:
    def stop_at_30(index: int) -> None:
        if index >= 30:
            pipeline.stop()

    steps = {place: stop_at_30}
    source = NumberedSource(ENDLESS, steps.get("source", slow))
    segmenter = NumberReader(steps.get("segmenter", slow))
    sink = NumberSink(steps.get("sink", slow))
    pipeline = Pipeline(source, segmenter, sink, DropPolicy.EVERY)
    pipeline.start()
    joined(pipeline)
    assert sink.indices == sink.masked == list(range(source.given))
    assert source.given >= 30


def test_stop_after_the_end_does_nothing() -> None:
    source = NumberedSource(5)
    pipeline = Pipeline(source, None, NumberSink(), DropPolicy.EVERY)
    pipeline.run()
    pipeline.stop()
    assert source.interrupts == 1


def test_the_end_waits_for_an_interruption_under_way() -> None:
    """After ``join`` the source may be closed: nobody is inside its ``interrupt`` any more."""
    stopped, go_on = Event(), Event()
    source = NumberedSource(1, before=lambda index: awaited(stopped))

    def linger_then_fail() -> None:
        stopped.set()
        awaited(go_on)
        raise OSError("the device is gone")

    source.on_interrupt = linger_then_fail
    pipeline = Pipeline(source, None, NumberSink(), DropPolicy.EVERY)
    pipeline.start()
    stopper = threading.Thread(target=pipeline.stop)
    stopper.start()
    assert pipeline.join(0.05) is False
    go_on.set()
    with pytest.raises(OSError, match="the device is gone"):
        joined(pipeline)
    stopper.join(WATCHDOG_S)


def test_a_pipeline_runs_once_and_only_a_started_one_is_joined() -> None:
    pipeline = Pipeline(NumberedSource(5), None, NumberSink(), DropPolicy.EVERY)
    with pytest.raises(RuntimeError, match="call start before join"):
        pipeline.join()
    pipeline.run()
    with pytest.raises(RuntimeError, match="runs once"):
        pipeline.start()
    with pytest.raises(RuntimeError, match="runs once"):
        pipeline.run()


def test_join_gives_up_after_its_time() -> None:
    source = NumberedSource(ENDLESS, slow)
    pipeline = Pipeline(source, None, NumberSink(), DropPolicy.EVERY)
    pipeline.start()
    assert pipeline.join(0.0) is False
    assert pipeline.join(0.02) is False
    assert pipeline.snapshot().state is PipelineState.RUNNING
    pipeline.stop()
    joined(pipeline)


@pytest.mark.parametrize("policy", DropPolicy)
def test_ctrl_c_drains_and_is_raised_again(policy: DropPolicy) -> None:
    def press_ctrl_c(index: int) -> None:
        slow(index)
        if index == 40:
            os.kill(os.getpid(), signal.SIGINT)

    source, sink = NumberedSource(ENDLESS, press_ctrl_c), NumberSink()
    pipeline = Pipeline(source, NumberReader(), sink, policy)
    with pytest.raises(KeyboardInterrupt):
        pipeline.run()
    assert source.given >= 40
    if policy is DropPolicy.EVERY:
        assert sink.indices == sink.masked == list(range(source.given))
    assert (source.interrupts, sink.closed) == (1, 1)
    assert pipeline_threads() == []


def test_ctrl_c_keeps_its_place_before_a_failure_while_draining() -> None:
    source, sink = NumberedSource(ENDLESS, slow), NumberSink()

    def fail_on_closing() -> None:
        raise OSError("no space left")

    sink.on_close = fail_on_closing
    pipeline = Pipeline(source, None, sink, DropPolicy.EVERY)
    sender = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT))
    sender.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        pipeline.run()
    sender.join()
    assert caught.value.__notes__ == ["the pipeline also failed with OSError('no space left')"]


def test_a_signal_handler_may_stop() -> None:
    source, sink = NumberedSource(ENDLESS, slow), NumberSink()
    pipeline = Pipeline(source, NumberReader(), sink, DropPolicy.EVERY)

    def on_signal(number: int, frame: FrameType | None) -> None:
        pipeline.stop()

    usual = signal.signal(signal.SIGTERM, on_signal)
    try:
        sender = threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM))
        sender.start()
        final = pipeline.run()
        sender.join()
    finally:
        signal.signal(signal.SIGTERM, usual)
    assert final.state is PipelineState.FINISHED
    assert sink.indices == sink.masked == list(range(source.given))


def test_signals_at_any_moment_neither_hang_nor_lose_a_frame() -> None:
    """A storm of handlers that stop and look, over the main thread's own calls."""
    draw = random.Random(5)
    pipelines: list[Pipeline] = []

    def on_signal(number: int, frame: FrameType | None) -> None:
        if draw.random() < 0.2:
            pipelines[-1].stop()

    usual = signal.signal(signal.SIGUSR1, on_signal)
    over = Event()

    def send() -> None:
        while not over.wait(0.0003):
            os.kill(os.getpid(), signal.SIGUSR1)

    sender = threading.Thread(target=send)
    try:
        for _ in range(100):
            source, sink = NumberedSource(30), NumberSink()
            pipelines.append(Pipeline(source, NumberReader(), sink, DropPolicy.EVERY))
            if not sender.is_alive():
                sender.start()
            pipelines[-1].start()
            while not pipelines[-1].join(0.002):
                pipelines[-1].snapshot()
            assert sink.indices == sink.masked == list(range(source.given))
            assert (source.interrupts, sink.closed) == (1, 1)
    finally:
        over.set()
        sender.join()
        signal.signal(signal.SIGUSR1, usual)


@pytest.mark.parametrize("policy", DropPolicy)
def test_ctrl_c_at_any_moment_of_a_run(policy: DropPolicy) -> None:
    draw = random.Random(11)
    interrupted = 0
    for _ in range(150):
        source, sink = NumberedSource(40, rate=Fraction(500)), NumberSink()
        segmenter = NumberReader()
        pipeline = Pipeline(source, segmenter, sink, policy)
        sender = threading.Timer(draw.uniform(0.0, 0.004), os.kill, (os.getpid(), signal.SIGINT))
        try:
            start_uninterrupted(sender)
            pipeline.run()
            while sender.is_alive():
                time.sleep(0.0005)
            time.sleep(0.0005)
        except KeyboardInterrupt:
            interrupted += 1
        sender.join(WATCHDOG_S)
        wait_until(lambda: not pipeline_threads())
        if sink.closed == 0:
            # The signal came before ``run`` did anything.
            assert source.given == 0
            continue
        assert (source.interrupts, sink.closed) == (1, 1)
        assert segmenter.entered == segmenter.left
        assert sink.mismatches == 0
        final = pipeline.snapshot()
        assert final.deliver.frames_out == len(sink.indices)
        for stage in (final.read, final.segment, final.deliver):
            assert stage is not None
            assert stage.frames_in == stage.frames_out + stage.dropped
        if policy is DropPolicy.EVERY and final.deliver.dropped == 0:
            assert sink.indices == list(range(source.given))
    assert interrupted == 150


def test_ctrl_c_while_a_thread_starts_waits_until_it_has(monkeypatch: pytest.MonkeyPatch) -> None:
    started = []
    start = threading.Thread.start

    def interrupted_start(thread: threading.Thread) -> None:
        signal.raise_signal(signal.SIGINT)
        start(thread)
        started.append(thread.name)

    sink = NumberSink()
    pipeline = Pipeline(NumberedSource(40), NumberReader(), sink, DropPolicy.EVERY)
    monkeypatch.setattr(threading.Thread, "start", interrupted_start)
    with pytest.raises(KeyboardInterrupt):
        pipeline.run()
    monkeypatch.undo()
    assert len(started) == 1
    wait_until(lambda: not pipeline_threads())
    assert sink.closed == 1


HANGING = """
from threading import Event

from app.pipeline.mailbox import DropPolicy
from app.pipeline.pipeline import Pipeline
from tests.app.pipeline.synthetic import NumberedSource, NumberReader, NumberSink
from tests.waiting import wait_until

def hang(index):
    Event().wait()

sink = NumberSink()
pipeline = Pipeline(NumberedSource(3), NumberReader(hang), sink, DropPolicy.LATEST)
pipeline.start()
wait_until(lambda: sink.closed == 1)
assert not pipeline.join(0.1)
"""


def test_a_device_that_never_answers_does_not_keep_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", HANGING], cwd=ROOT, timeout=WATCHDOG_S)
    assert ended.returncode == 0
