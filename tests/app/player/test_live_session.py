"""Live video on screen: through a failing network, a lost signal, a frozen picture, and the end."""

from __future__ import annotations

import itertools
import random
import threading
import time
from fractions import Fraction

import pytest

from app.frame import Frame
from app.pipeline import segment_stage
from app.player.detection import Detection
from app.player.live_gate import OLDEST_MASK_S
from app.player.live_session import LiveSession
from app.player.playback import PlaybackState, PlayerState
from app.player.segmenter_thread import PlayerSegmenter, SegmenterError
from app.player.shown import AiState, Shown
from app.sources.base import VideoSource
from app.sources.frame_stamp import read_stamp
from app.sources.live import SignalState
from app.sources.test_picture import TestPicture
from models.picture import PixelFormat
from tests.app.player.live_watching import (
    CALM_RATE,
    RATE,
    SIZE,
    InTurn,
    StampSegmenter,
    number_marked,
    test_picture,
    watched_live,
)
from tests.app.player.watching import Watcher, longer
from tests.app.sources.faulty_device import FaultyDevice
from tests.processor_wait import ProcessorWait
from tests.waiting import HANG_S, wait_until

SOON_S = 0.5
"""Within this time the screen must say what is."""


class TimedWatcher(Watcher):
    """Remembers when each state and each frame came."""

    def __init__(self) -> None:
        super().__init__()
        self.state_times_s: list[float] = []
        self.shown_times_s: list[float] = []

    def on_state(self, state: PlayerState) -> None:
        self.state_times_s.append(time.monotonic())
        super().on_state(state)

    def on_shown(self, shown: Shown) -> None:
        self.shown_times_s.append(time.monotonic())
        super().on_shown(shown)

    def seconds_until(self, ai: AiState, since_s: float) -> float:
        """How long after ``since_s`` the state was told to be ``ai``."""

        def told_s() -> float | None:
            told = zip(list(self.state_times_s), list(self.states), strict=False)
            return next((at_s for at_s, s in told if at_s >= since_s and s.ai is ai), None)

        wait_until(lambda: told_s() is not None, f"the state is {ai}")
        at_s = told_s()
        assert at_s is not None
        return at_s - since_s


def masked(watcher: Watcher) -> list[Shown]:
    return [shown for shown in list(watcher.shown) if shown.segmentation is not None]


def _signal_of(session: LiveSession) -> SignalState | None:
    signal = session.state.signal
    return None if signal is None else signal.state


def test_each_mask_is_on_its_own_frame() -> None:
    with watched_live(test_picture, StampSegmenter) as (session, watcher):
        wait_until(lambda: len(masked(watcher)) > 60)
        wait_until(lambda: session.state.ai is AiState.READY)
        assert session.state.playback is PlaybackState.PLAYING
        assert session.state.source is not None and session.state.source.live
        wait_until(lambda: _signal_of(session) is SignalState.LIVE)
        for shown in masked(watcher):
            assert number_marked(shown) == read_stamp(shown.frame.picture)
        statistics = session.statistics
        assert statistics.masks_shown > 60
        assert statistics.pipeline is not None
        assert statistics.pipeline.mask_latency.p99_ms > 0


@pytest.mark.parametrize("frames", [1_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_no_mask_is_on_another_frame_whatever_is_late(frames: int) -> None:
    """Source, segmenter and screen are late by chance; the number stamped into each picture is
    compared with the number that its mask was made of, and the picture with itself as captured."""
    chance = random.Random(1)

    class LateSource(TestPicture):
        def read(self) -> Frame | None:
            if chance.random() < 0.1:
                time.sleep(chance.random() * 0.005)
            return super().read()

    class LateWatcher(Watcher):
        def __init__(self) -> None:
            super().__init__()
            self.seen = self.masked = self.wrong = self.backwards = 0
            self.last = -1

        def on_shown(self, shown: Shown) -> None:
            number = read_stamp(shown.frame.picture)
            assert number is not None
            # It may be shown again, where what is said of it has changed.
            self.backwards += shown.frame.index < self.last
            self.last = shown.frame.index
            self.seen += 1
            if shown.segmentation is not None:
                self.masked += 1
                self.wrong += number_marked(shown) != number
            if chance.random() < 0.1:
                time.sleep(chance.random() * 0.005)

    def late(_: int) -> None:
        if chance.random() < 0.3:
            time.sleep(chance.random() * 0.008)

    watcher = LateWatcher()
    with watched_live(
        lambda: LateSource(SIZE, Fraction(1000)), lambda: StampSegmenter(late), watcher
    ):
        wait_until(lambda: watcher.seen >= frames, limit_s=4 * HANG_S)
    assert watcher.masked > frames / 10
    assert watcher.seen > watcher.masked
    assert (watcher.wrong, watcher.backwards) == (0, 0)


def test_the_picture_is_the_captured_one_byte_for_byte() -> None:
    device = FaultyDevice(rate=60)
    device.pixel_format = PixelFormat.UYVY422
    with watched_live(device.open, StampSegmenter) as (_, watcher):
        wait_until(longer(watcher.shown, 60))
    captured = {device.pixels(number).tobytes(): number for number in range(300)}
    numbers = [captured[shown.frame.picture.pixels.tobytes()] for shown in watcher.shown]
    assert numbers == sorted(numbers)
    assert {shown.frame.picture.pixel_format for shown in watcher.shown} == {PixelFormat.UYVY422}


def test_the_video_is_shown_while_the_network_loads() -> None:
    may_load = threading.Event()

    def load() -> PlayerSegmenter:
        may_load.wait()
        return StampSegmenter()

    with watched_live(test_picture, load) as (session, watcher):
        wait_until(longer(watcher.shown, 30))
        assert session.state.ai is AiState.OFF
        assert session.state.ai_reason == "The network is being loaded."
        assert masked(watcher) == []
        assert [progress.share for progress in watcher.progress] == [None]
        may_load.set()
        wait_until(lambda: session.state.ai is AiState.READY)
        wait_until(lambda: len(masked(watcher)) > 10)
        wait_until(lambda: [progress.share for progress in watcher.progress] == [None, 1.0])


def test_without_a_network_the_video_is_shown_alone() -> None:
    with watched_live(test_picture) as (session, watcher):
        wait_until(longer(watcher.shown, 10))
        wait_until(lambda: session.state.ai is AiState.OFF)
        assert session.state.ai_reason == "Segmentation is switched off."


def test_a_network_that_cannot_be_loaded_is_said_and_tried_again() -> None:
    tries = itertools.count()

    def load() -> PlayerSegmenter:
        if next(tries) == 0:
            raise SegmenterError("No runtime works on this machine.")
        return StampSegmenter()

    with watched_live(test_picture, load) as (session, watcher):
        wait_until(lambda: session.state.ai_reason.startswith("No runtime works on this machine."))
        assert session.state.ai is AiState.OFF
        wait_until(lambda: session.state.ai is AiState.READY)
        assert watcher.failures == []


def test_a_network_that_fails_comes_back_and_no_frame_is_lost() -> None:
    segmenter = StampSegmenter()
    watcher = TimedWatcher()
    with watched_live(lambda: InTurn(watcher), lambda: segmenter, watcher):
        wait_until(lambda: len(masked(watcher)) > 10)
        first = len(watcher.shown)
        wait = ProcessorWait()
        failed_s = time.monotonic()
        segmenter.fails_with = "The device is lost."
        assert watcher.seconds_until(AiState.OFF, failed_s) < SOON_S + wait.s
        wait_until(
            lambda: any(
                state.ai_reason.startswith("The device is lost.") for state in list(watcher.states)
            )
        )
        segmenter.fails_with = ""
        assert watcher.seconds_until(AiState.READY, failed_s) < 5 + wait.s
        wait_until(lambda: watcher.shown[-1].segmentation is not None)
        _expect_nothing_lost(watcher, first)
        assert segmenter.entered == 1 + segmenter.failed


def test_a_network_that_fails_too_often_stays_out_until_retried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(segment_stage, "RESTARTS", 0)
    segmenter = StampSegmenter()
    segmenter.fails_to_enter = "The device is lost."
    with watched_live(test_picture, lambda: segmenter) as (session, watcher):
        wait_until(lambda: session.network_stays_out)
        wait_until(lambda: session.state.ai_reason.endswith("choose Try again."))
        segmenter.fails_to_enter = ""
        wait_until(longer(watcher.shown, len(watcher.shown) + RATE))
        assert segmenter.entered == 1
        session.retry()
        wait_until(lambda: session.state.ai is AiState.READY)
        assert not session.network_stays_out


def test_a_network_that_falls_silent_is_stale_and_no_frame_is_lost() -> None:
    segmenter = StampSegmenter()
    watcher = TimedWatcher()
    with watched_live(lambda: InTurn(watcher), lambda: segmenter, watcher):
        wait_until(lambda: len(masked(watcher)) > 10)
        first = len(watcher.shown)
        wait = ProcessorWait()
        silent_s = time.monotonic()
        segmenter.answers.clear()
        assert watcher.seconds_until(AiState.STALE, silent_s) < SOON_S + wait.s
        wait_until(lambda: len(watcher.shown) > first + 2 * CALM_RATE)
        wait = ProcessorWait()
        resumed_s = time.monotonic()
        segmenter.answers.set()
        assert watcher.seconds_until(AiState.READY, resumed_s) < SOON_S + wait.s
        _expect_nothing_lost(watcher, first)


def _expect_nothing_lost(watcher: TimedWatcher, first: int) -> None:
    """Every frame from ``first`` on came to the screen; again, where its reason changed."""
    indices = sorted(set(watcher.indices[first:]))
    assert indices == list(range(indices[0], indices[0] + len(indices)))


def test_a_mask_that_comes_too_late_is_not_shown() -> None:
    def slow(_: int) -> None:
        time.sleep(OLDEST_MASK_S * 1.2)

    def slow_source() -> VideoSource:
        return TestPicture(SIZE, Fraction(5))  # whose frame time is longer still

    with watched_live(slow_source, lambda: StampSegmenter(slow)) as (session, watcher):
        wait_until(longer(watcher.shown, 8))
        assert masked(watcher) == []
        wait_until(lambda: session.state.ai is AiState.STALE)


def test_for_a_network_slower_than_the_video_frames_are_held_back_unless_it_is_forbidden() -> None:
    def slow(_: int) -> None:
        time.sleep(0.06)

    watcher = TimedWatcher()
    in_turn = threading.Event()
    with watched_live(lambda: InTurn(watcher, in_turn), lambda: StampSegmenter(slow), watcher) as (
        session,
        _,
    ):
        wait_until(lambda: len(masked(watcher)) > 10)
        wait_until(lambda: session.state.ai is AiState.READY)
        wait_until(lambda: any("slower than this video" in text for text in session.state.notices))
        session.set_mask_wait(int(1000 / CALM_RATE))
        wait_until(lambda: session.state.ai is AiState.STALE)
        wait_until(lambda: session.state.notices == ())
        in_turn.set()
        wait_until(longer(watcher.shown, len(watcher.shown) + 5))  # what was on its way is through
        first = len(watcher.shown)
        wait_until(longer(watcher.shown, first + CALM_RATE))
        _expect_nothing_lost(watcher, first)


def test_a_frame_waits_no_longer_for_its_mask_than_is_set() -> None:
    def slow(_: int) -> None:
        time.sleep(0.08)

    def slow_source() -> VideoSource:
        return TestPicture(SIZE, Fraction(10))

    with watched_live(slow_source, lambda: StampSegmenter(slow), mask_wait_ms=0) as (
        session,
        watcher,
    ):
        wait_until(longer(watcher.shown, 8))
        assert masked(watcher) == []
        session.set_mask_wait(None)
        wait_until(lambda: len(masked(watcher)) > 3)


def test_unplugging_is_said_at_once_and_plugging_in_brings_the_picture_back() -> None:
    device = FaultyDevice(rate=RATE)
    watcher = TimedWatcher()
    with watched_live(device.open, StampSegmenter, watcher) as (session, _):
        wait_until(lambda: session.state.ai is AiState.READY)
        wait = ProcessorWait()
        lost_s = time.monotonic()
        device.plugged = False
        assert watcher.seconds_until(AiState.NO_SIGNAL, lost_s) < SOON_S + wait.s
        wait_until(lambda: "plug it in" in session.state.ai_reason)
        assert session.state.playback is PlaybackState.PLAYING
        wait = ProcessorWait()
        back_s = time.monotonic()
        device.plugged = True
        assert watcher.seconds_until(AiState.READY, back_s) < 2 + SOON_S + wait.s
        assert watcher.failures == []


@pytest.mark.parametrize(("fault", "state"), [("paused", "STALLED"), ("still", "FROZEN")])
def test_a_picture_that_stands_still_is_no_signal(fault: str, state: str) -> None:
    device = FaultyDevice(rate=RATE)
    watcher = TimedWatcher()
    with watched_live(device.open, StampSegmenter, watcher) as (session, _):
        wait_until(longer(watcher.shown, 2 * RATE + 30))  # beyond the grace at the start
        wait = ProcessorWait()
        fault_s = time.monotonic()
        setattr(device, fault, True)
        wait_until(lambda: session.state.signal is not None)
        wait_until(
            lambda: any(s.signal and s.signal.state.name == state for s in list(watcher.states)),
            f"the signal is {state}",
        )
        said = next(s for s in watcher.states if s.signal and s.signal.state.name == state)
        assert said.ai is AiState.NO_SIGNAL
        assert said.ai_reason
        if fault == "paused":
            assert watcher.seconds_until(AiState.NO_SIGNAL, fault_s) < SOON_S + wait.s
        setattr(device, fault, False)
        wait_until(lambda: session.state.ai is AiState.READY)


def test_a_source_that_breaks_down_again_and_again_stands_failed_until_retried() -> None:
    device = FaultyDevice(rate=RATE)
    device.breaks_after = 3
    with watched_live(device.open) as (session, watcher):
        wait_until(
            lambda: (
                session.state.signal is not None
                and session.state.signal.state is SignalState.FAILED
            )
        )
        wait_until(lambda: watcher.states[-1].ai is AiState.NO_SIGNAL)
        opened = device.times_opened
        time.sleep(1.0)
        assert device.times_opened == opened
        device.breaks_after = None
        session.retry()
        wait_until(lambda: session.state.ai is AiState.OFF)


def test_another_size_goes_on_by_itself() -> None:
    device = FaultyDevice(rate=RATE)
    with watched_live(device.open) as (session, watcher):
        wait_until(longer(watcher.shown, 10))
        device.size = (96, 64)
        wait_until(lambda: watcher.shown[-1].frame.picture.width == 96)
        wait_until(lambda: session.state.source is not None and session.state.source.width == 96)
        assert watcher.failures == []


def test_what_is_away_from_the_start_is_waited_for() -> None:
    device = FaultyDevice(rate=RATE)
    device.plugged = False
    with watched_live(device.open) as (session, watcher):
        wait_until(lambda: "plug it in" in session.state.ai_reason)
        assert session.state.ai is AiState.NO_SIGNAL
        assert session.state.source is None
        device.plugged = True
        wait_until(longer(watcher.shown, 3))


def test_freezing_keeps_the_picture_while_capture_goes_on() -> None:
    with watched_live(test_picture, StampSegmenter) as (session, watcher):
        wait_until(lambda: len(masked(watcher)) > 10)
        session.toggle()
        wait_until(lambda: session.state.playback is PlaybackState.PAUSED)
        wait_until(lambda: session.statistics.frames_superseded > 0)  # what was on its way is shown
        frozen, count = session.shown, len(watcher.shown)
        wait_until(lambda: session.statistics.frames_superseded > 20)
        assert session.shown is frozen
        assert len(watcher.shown) == count
        wait_until(lambda: session.state.ai is AiState.READY)
        session.set_detection(Detection(threshold=0.9))
        wait_until(lambda: watcher.shown[-1].threshold == 0.9)
        assert frozen is not None
        assert watcher.shown[-1].frame is frozen.frame
        session.toggle()
        wait_until(lambda: watcher.shown[-1].frame.index > frozen.frame.index + 20)
        assert session.state.playback is PlaybackState.PLAYING


def test_freezing_before_it_is_open_shows_nothing_until_let_go() -> None:
    device = FaultyDevice(rate=RATE)
    device.plugged = False
    with watched_live(device.open) as (session, watcher):
        session.pause()
        device.plugged = True
        wait_until(lambda: session.statistics.frames_superseded > 10)
        assert session.shown is None
        session.play()
        wait_until(longer(watcher.shown, 3))


@pytest.mark.parametrize("round_", range(5))
def test_closing_at_any_moment_leaves_nothing(round_: int) -> None:
    """The context checks threads and the time it takes."""
    chance = random.Random(round_)
    device = FaultyDevice(rate=RATE)
    with watched_live(device.open, StampSegmenter):
        time.sleep(chance.random() * 0.3)
        device.plugged = chance.random() < 0.7
        device.paused = chance.random() < 0.5
        time.sleep(chance.random() * 0.2)
    assert device.open_now == 0
