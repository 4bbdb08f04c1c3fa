"""The rules of a live source's state, on a clock of the test's own."""

from __future__ import annotations

from fractions import Fraction

import pytest

from app.sources.live import NoSignalError, SignalState, SourceLostError
from app.sources.signal_watch import (
    GRACE_S,
    REOPEN_AFTER_S,
    RESTART_LIMIT,
    RESTART_WINDOW_S,
    STALL_FRAMES,
    PictureKind,
    SignalWatch,
)
from models.picture import PixelFormat

KIND = (1920, 1080, PixelFormat.NV12)
RATE = 60
UNPLUGGED = SourceLostError("The camera was unplugged; plug it in again.")


class Bench:
    """A watch, and the time."""

    def __init__(self) -> None:
        self.now_ns = 10**12
        self.watch = SignalWatch("The camera", self.now_ns)

    def shows(self, state: SignalState) -> bool:
        self.watch.look(self.now_ns)
        return self.watch.signal.state is state

    def wait(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)

    def open(self, rate: int = RATE) -> None:
        self.watch.opened(Fraction(rate), self.now_ns)

    def run(
        self, seconds: float, rate: int = RATE, kind: PictureKind = KIND, still: bool = False
    ) -> None:
        for _ in range(round(seconds * rate)):
            self.wait(1 / rate)
            self.watch.look(self.now_ns)
            self.watch.frame(kind, still, self.now_ns)

    def lose(self, error: SourceLostError | NoSignalError | None = UNPLUGGED) -> None:
        self.watch.lost(error, self.now_ns)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_is_live_from_the_first_frame_on(bench: Bench) -> None:
    assert bench.shows(SignalState.NO_SIGNAL)
    bench.open()
    assert bench.shows(SignalState.NO_SIGNAL)
    bench.run(0.1)
    assert bench.shows(SignalState.LIVE)
    assert bench.watch.signal.sentence == ""
    assert bench.watch.signal.restarts == 0


@pytest.mark.parametrize("rate", [10, 25, 60, 120])
def test_a_stall_is_noticed_after_five_frame_times(bench: Bench, rate: int) -> None:
    bench.open(rate)
    bench.run(GRACE_S + 1, rate)
    bench.wait(STALL_FRAMES * 0.99 / rate)
    assert bench.shows(SignalState.LIVE)
    bench.wait(STALL_FRAMES * 0.02 / rate)
    assert bench.shows(SignalState.STALLED)
    assert bench.watch.signal.since_ns == bench.now_ns


def test_during_the_grace_a_stall_is_noticed_within_half_a_second(bench: Bench) -> None:
    bench.open()
    bench.run(0.2)
    bench.wait(0.2)
    assert bench.shows(SignalState.LIVE)
    bench.wait(0.25)
    assert bench.shows(SignalState.STALLED)
    assert not bench.watch.should_reopen(bench.now_ns)
    bench.wait(GRACE_S)
    assert bench.watch.should_reopen(bench.now_ns)


def test_a_short_stall_is_not_worth_an_opening(bench: Bench) -> None:
    bench.open()
    bench.run(GRACE_S + 1)
    bench.wait(REOPEN_AFTER_S * 0.9)
    assert bench.shows(SignalState.STALLED)
    assert not bench.watch.should_reopen(bench.now_ns)
    bench.run(0.1)
    assert bench.shows(SignalState.LIVE)
    bench.wait(REOPEN_AFTER_S * 1.5)
    assert bench.watch.should_reopen(bench.now_ns)


def test_a_source_slower_than_it_says_is_not_stalled(bench: Bench) -> None:
    bench.open(rate=60)
    bench.run(GRACE_S + 1, rate=8)
    for _ in range(50):
        bench.run(1 / 8, rate=8)
        bench.wait(0.1)
        assert bench.shows(SignalState.LIVE)


def test_a_device_that_opens_and_gives_nothing_has_no_signal(bench: Bench) -> None:
    bench.open()
    bench.wait(GRACE_S * 1.1)
    assert bench.shows(SignalState.NO_SIGNAL)
    assert "gives no picture" in bench.watch.signal.sentence
    assert bench.watch.should_reopen(bench.now_ns)


def test_frozen_and_back(bench: Bench) -> None:
    bench.open()
    bench.run(1)
    bench.run(1, still=True)
    assert bench.shows(SignalState.FROZEN)
    since_ns = bench.watch.signal.since_ns
    bench.run(1, still=True)
    assert bench.watch.signal.since_ns == since_ns
    bench.run(0.1)
    assert bench.shows(SignalState.LIVE)


def test_a_loss_is_said_at_once_in_the_sources_own_words(bench: Bench) -> None:
    bench.open()
    bench.run(1)
    bench.lose()
    assert bench.shows(SignalState.NO_SIGNAL)
    assert bench.watch.signal.sentence == str(UNPLUGGED)


def break_down(bench: Bench, times: int, seconds: float) -> None:
    for _ in range(times):
        bench.open()
        bench.run(seconds)
        bench.lose()


def test_more_than_five_restarts_in_a_minute_are_a_standing_failure(bench: Bench) -> None:
    break_down(bench, RESTART_LIMIT, 2.0)
    assert bench.shows(SignalState.NO_SIGNAL)
    break_down(bench, 1, 2.0)
    assert bench.shows(SignalState.FAILED)
    assert bench.watch.failed
    bench.wait(3600)
    assert bench.shows(SignalState.FAILED)


def test_five_restarts_a_minute_go_on_for_ever(bench: Bench) -> None:
    break_down(bench, 50, RESTART_WINDOW_S / RESTART_LIMIT + 0.5)
    assert not bench.watch.failed
    assert bench.watch.signal.restarts == 49


def test_stalls_that_a_restart_mends_count_too(bench: Bench) -> None:
    for _ in range(RESTART_LIMIT + 1):
        bench.open()
        bench.run(GRACE_S + 0.5)
        bench.wait(REOPEN_AFTER_S * 1.1)
        assert bench.watch.should_reopen(bench.now_ns)
        bench.lose(None)
    assert bench.watch.failed


def test_a_source_that_was_away_has_not_broken_down(bench: Bench) -> None:
    for _ in range(100):
        bench.open()
        bench.run(0.1)
        bench.lose()
        bench.watch.away("There is no camera; plug it in.", bench.now_ns)
    assert not bench.watch.failed
    assert bench.watch.signal.restarts == 99


def test_a_cable_without_a_picture_has_not_broken_down(bench: Bench) -> None:
    for _ in range(100):
        bench.open()
        bench.run(0.1)
        bench.lose(NoSignalError("No picture reaches the camera; check its cable."))
    assert not bench.watch.failed


@pytest.mark.parametrize(
    ("kind", "rate"),
    [((640, 480, PixelFormat.NV12), RATE), ((*KIND[:2], PixelFormat.UYVY422), RATE), (KIND, 50)],
)
def test_another_size_format_or_rate_is_not_a_breakdown(
    bench: Bench, kind: PictureKind, rate: int
) -> None:
    for _ in range(50):
        bench.open()
        bench.run(0.1)
        bench.lose()
        bench.open(rate)
        bench.run(0.1, rate, kind)
        bench.lose()
    assert not bench.watch.failed


def test_a_failure_stands_though_the_device_hangs_as_well(bench: Bench) -> None:
    break_down(bench, RESTART_LIMIT + 1, 1.0)
    bench.watch.away("The camera does not answer; unplug it.", bench.now_ns)
    assert bench.watch.failed


def test_retry_takes_the_failure_back_and_counts_anew(bench: Bench) -> None:
    break_down(bench, RESTART_LIMIT + 1, 1.0)
    assert bench.watch.failed
    bench.watch.retry(bench.now_ns)
    assert bench.shows(SignalState.NO_SIGNAL)
    break_down(bench, RESTART_LIMIT, 1.0)
    assert not bench.watch.failed
    break_down(bench, 1, 1.0)
    assert bench.watch.failed
