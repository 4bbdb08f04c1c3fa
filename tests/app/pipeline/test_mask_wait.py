"""How long live frames wait for their segmentation, and what is left out for it."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from app.pipeline.mailbox import DropPolicy
from app.pipeline.mask_wait import LONGEST_MASK_WAIT_MS, MaskWait
from app.pipeline.pipeline import Pipeline
from tests.app.pipeline.synthetic import (
    NumberedSource,
    NumberReader,
    NumberSink,
    Step,
    joined,
)
from tests.waiting import wait_until

RATE = Fraction(50)
FRAME_S = float(1 / RATE)


def paced(_: int) -> None:
    time.sleep(FRAME_S)


def slow(_: int) -> None:
    """A runtime that takes three frame times."""
    time.sleep(3 * FRAME_S)


def live(before: Step, sink: NumberSink, frames: int, mask_wait_ms: float) -> Pipeline:
    """Live video through a runtime that waits ``before`` each answer."""
    source = NumberedSource(frames, paced, RATE)
    return Pipeline(
        source, NumberReader(before), sink, DropPolicy.LATEST, mask_wait_ms=mask_wait_ms
    )


def test_by_default_a_frame_waits_one_frame_time_and_none_is_left_out() -> None:
    wait = MaskWait(lambda: FRAME_S)
    assert (wait.seconds, wait.leaves_out) == (FRAME_S, False)
    wait.given_up(FRAME_S)
    assert (wait.seconds, wait.leaves_out) == (FRAME_S, False)


def test_a_shorter_wait_is_kept_whatever_happens() -> None:
    wait = MaskWait(lambda: FRAME_S)
    wait.longest_ms = 5
    wait.given_up(0.005)
    assert (wait.seconds, wait.leaves_out) == (0.005, False)


@pytest.mark.parametrize(("asked_ms", "kept_s"), [(100, 0.1), (10_000, 0.12)])
def test_a_longer_wait_leaves_frames_out_while_answers_come_in_time(
    asked_ms: float, kept_s: float
) -> None:
    wait = MaskWait(lambda: FRAME_S)
    wait.longest_ms = asked_ms
    assert (wait.seconds, wait.leaves_out) == (kept_s, True)
    wait.given_up(FRAME_S)
    assert wait.leaves_out, "that frame did not wait as long as it might have"
    wait.given_up(kept_s)
    assert (wait.seconds, wait.leaves_out) == (FRAME_S, False)
    wait.answered(kept_s + 0.001)
    assert not wait.leaves_out
    wait.answered(kept_s - 0.001)
    assert (wait.seconds, wait.leaves_out) == (kept_s, True)


def test_the_wait_follows_the_source_to_another_rate() -> None:
    rates = [0.02, 0.1]
    wait = MaskWait(lambda: rates[0])
    wait.longest_ms = 50
    assert wait.leaves_out
    rates.pop(0)
    assert (wait.seconds, wait.leaves_out) == (0.05, False)


def test_a_runtime_slower_than_the_video_marks_nothing_by_default() -> None:
    sink = NumberSink()
    Pipeline(NumberedSource(60, paced, RATE), NumberReader(slow), sink, DropPolicy.LATEST).run()
    assert sink.indices == list(range(60))
    assert sink.masked == []


def test_with_a_longer_wait_what_is_shown_is_marked() -> None:
    sink = NumberSink()
    live(slow, sink, 150, LONGEST_MASK_WAIT_MS).run()
    # One that a busy machine made late goes on without; then some more, until the next answer.
    assert len(sink.masked) >= 20
    assert len(sink.indices) - len(sink.masked) <= len(sink.indices) // 4
    assert sink.mismatches == 0
    assert sink.indices[-1] >= 147, "the newest frames are shown"


def test_when_the_runtime_hangs_every_frame_goes_on_without() -> None:
    def hangs(index: int) -> None:
        if index >= 40:
            wait_until(lambda: source.given > 110)
        time.sleep(2 * FRAME_S)

    def in_turn(index: int) -> None:
        """While it hangs, after the one before is shown: so the machine leaves out none."""
        time.sleep(FRAME_S)
        if index == 65:
            wait_until(lambda: sink.indices[-1] >= 40 and sink.indices[-1] not in sink.masked)
        if 65 < index <= 105:
            wait_until(lambda: sink.indices[-1] == index - 1)

    source, sink = NumberedSource(250, in_turn, RATE), NumberSink()
    pipeline = Pipeline(source, NumberReader(hangs), sink, DropPolicy.LATEST, mask_wait_ms=100)
    pipeline.start()
    wait_until(lambda: bool(sink.masked) and sink.masked[-1] > 140)
    joined(pipeline)
    while_hanging = [index for index in sink.indices if 65 <= index < 105]
    assert while_hanging == list(range(65, 105)), "no frame is left out"
    assert not set(while_hanging) & set(sink.masked)
    assert sink.mismatches == 0
