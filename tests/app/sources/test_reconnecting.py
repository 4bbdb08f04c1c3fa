"""A source that is lost, hangs and breaks down in every way that a device knows."""

from __future__ import annotations

import itertools
import math
import random
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.sources.base import SourceError
from app.sources.live import SignalState
from app.sources.reconnecting import MOST_HANGING, MOST_WAITING, OPEN_LIMIT_S, ReconnectingSource
from app.sources.signal_watch import GRACE_S, RESTART_LIMIT
from models.picture import PixelFormat
from tests.app.sources.faulty_device import FastClock, FaultyDevice
from tests.app.sources.waiting import Viewer, wait_for_state
from tests.leftovers import held, wait_until_given_back
from tests.processor_wait import ProcessorWait
from tests.waiting import HANG_S, wait_until

SPEED = 20
"""How much faster than time the clock goes where a test would wait for long."""
SLOW_RATE = 1
"""Frames per second of that clock: a busy machine must not wake a thread five of them too late."""


@pytest.fixture
def device() -> Iterator[FaultyDevice]:
    device = FaultyDevice()
    yield device
    device.let_hanging_go()
    wait_until(lambda: device.open_now == 0)


@pytest.fixture
def source(device: FaultyDevice) -> Iterator[ReconnectingSource]:
    with ReconnectingSource("The device", device.open) as source:
        yield source


def test_making_one_never_waits_and_never_raises(device: FaultyDevice) -> None:
    device.hang("open")
    with ReconnectingSource("The device", device.open) as source:
        assert source.signal.state is SignalState.NO_SIGNAL
        assert (source.info.width, source.info.height) == (0, 0)
        assert source.info.live


def test_an_interrupted_read_ends_though_nothing_ever_comes(source: ReconnectingSource) -> None:
    with Viewer(source) as viewer:
        source.interrupt()
        assert viewer.ended.wait(HANG_S)
    assert source.read() is None


def test_reading_after_close_says_so(device: FaultyDevice) -> None:
    source = ReconnectingSource("The device", device.open)
    source.close()
    source.close()
    with pytest.raises(SourceError, match="closed"):
        source.read()
    source.interrupt()
    source.retry()
    assert source.report.undecodable == 0


def test_a_slow_reader_gets_the_newest_frames_and_the_rest_is_counted(
    device: FaultyDevice, source: ReconnectingSource
) -> None:
    assert source.read() is not None
    given = 1
    for _ in range(3):
        dropped = source.report.dropped
        wait_until(lambda: source.report.dropped >= dropped + 10)  # noqa: B023 - called at once
        wait = ProcessorWait()
        asked_ns = time.monotonic_ns()
        frames = [source.read() for _ in range(MOST_WAITING + 1)]
        given += len(frames)
        waited, fresh = frames[:MOST_WAITING], frames[-1]
        for frame in waited:
            assert frame is not None
            assert asked_ns - frame.captured_ns < 0.25e9 + wait.ns
        assert fresh is not None
        assert fresh.index == given - 1
    assert source.report.dropped >= 3 * 10


def test_it_survives_a_device_that_hangs_in_reading(
    device: FaultyDevice, source: ReconnectingSource
) -> None:
    with Viewer(source) as viewer:
        wait_until(lambda: len(viewer.frames) > 3)
        time.sleep(GRACE_S)
        wait_for_state(source, SignalState.LIVE)
        wait = ProcessorWait()
        device.hang("read")
        seen_ns = wait_for_state(source, SignalState.STALLED).since_ns
        assert seen_ns - viewer.frames[-1].captured_ns < 0.5e9 + wait.ns
        wait_until(lambda: source.report.hanging == 1)
        wait_for_state(source, SignalState.LIVE)
        device.let_hanging_go()
        wait_until(lambda: source.report.hanging == 0)
        wait_for_state(source, SignalState.LIVE)


@pytest.mark.parametrize("where", ["open", "close"])
def test_it_survives_a_device_that_hangs_in(where: str) -> None:
    clock = FastClock(SPEED)
    device = FaultyDevice(SLOW_RATE, clock)
    with ReconnectingSource("The device", device.open, clock=clock) as source:
        wait_for_state(source, SignalState.LIVE)
        device.hang(where)
        device.plugged = False
        wait_for_state(source, SignalState.NO_SIGNAL)
        device.plugged = True
        wait_until(lambda: source.report.hanging == 1)
        wait_for_state(source, SignalState.LIVE)
        device.let_hanging_go()
        wait_until(lambda: source.report.hanging == 0)
        wait_for_state(source, SignalState.LIVE)
    wait_until(lambda: device.open_now == 0)


def test_no_more_than_two_threads_ever_hang() -> None:
    clock = FastClock(SPEED)
    device = FaultyDevice(SLOW_RATE, clock)
    device.hang("open", times=10)
    with ReconnectingSource("The device", device.open, clock=clock) as source:
        wait_until(lambda: source.report.hanging == MOST_HANGING)
        time.sleep(2 * OPEN_LIMIT_S / SPEED)
        assert source.report.hanging == MOST_HANGING
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("capture The device") == MOST_HANGING
        assert source.signal.state is SignalState.NO_SIGNAL
        assert "does not answer" in source.signal.sentence
        device.let_hanging_go()
        wait_for_state(source, SignalState.LIVE)
        wait_until(lambda: source.report.hanging == 0)
    wait_until(lambda: device.open_now == 0)


@pytest.mark.parametrize("where", ["open", "read", "close"])
def test_closing_does_not_wait_for_a_device_that_hangs_in(where: str, device: FaultyDevice) -> None:
    if where == "open":
        device.hang("open")
    source = ReconnectingSource("The device", device.open)
    if where != "open":
        assert source.read() is not None
        device.hang(where)
    if where != "close":
        wait_until(lambda: device.hanging_now == 1)
    wait = ProcessorWait()
    begun_s = time.monotonic()
    source.close()
    assert time.monotonic() - begun_s < 2.0 + wait.s


def test_a_device_that_breaks_down_again_and_again_fails_until_retry(
    device: FaultyDevice, source: ReconnectingSource
) -> None:
    device.breaks_after = 3
    signal = wait_for_state(source, SignalState.FAILED)
    assert signal.restarts == RESTART_LIMIT
    assert device.times_opened == RESTART_LIMIT + 1
    assert "try again" in signal.sentence
    wait_until(lambda: device.open_now == 0)
    time.sleep(1.0)
    assert source.signal == signal
    assert device.times_opened == RESTART_LIMIT + 1

    device.breaks_after = None
    source.retry()
    wait_for_state(source, SignalState.LIVE)
    opened = device.times_opened
    source.retry()
    time.sleep(0.2)
    assert device.times_opened == opened


def test_a_pipe_is_not_opened_again_for_a_stall(device: FaultyDevice) -> None:
    with ReconnectingSource("The pipe", device.open, reopen_stalled=False) as source:
        wait_for_state(source, SignalState.LIVE)
        device.paused = True
        wait_for_state(source, SignalState.STALLED)
        time.sleep(3.0)
        assert source.signal.state is SignalState.STALLED
        device.paused = False
        wait_for_state(source, SignalState.LIVE)
        assert device.times_opened == 1


def test_a_hundred_unplugs_leave_nothing_behind() -> None:
    clock = FastClock(SPEED)
    device = FaultyDevice(SLOW_RATE, clock)
    before = held()
    with ReconnectingSource("The device", device.open, clock=clock) as source, Viewer(source):
        wait_for_state(source, SignalState.LIVE)
        running = len(held() - before)
        for _ in range(100):
            refused = device.times_refused
            device.plugged = False
            wait_until(lambda: device.times_refused > refused)  # noqa: B023 - called at once
            assert source.signal.state is SignalState.NO_SIGNAL
            device.plugged = True
            wait_for_state(source, SignalState.LIVE)
        # On a busy machine a stall may be among them, which is one more.
        assert 100 <= source.signal.restarts <= 110
        assert source.report.hanging == 0
        wait_until(lambda: len(held() - before) <= running)
    wait_until_given_back(before)
    assert device.open_now == 0


def test_fifty_changes_of_resolution_or_format_are_gaps_below_a_second(
    device: FaultyDevice, source: ReconnectingSource
) -> None:
    sizes = [(64, 48), (32, 48), (96, 64)]
    formats = [PixelFormat.NV12, PixelFormat.RGB24, PixelFormat.UYVY422, PixelFormat.YUV420P]
    with Viewer(source) as viewer:
        wait_until(lambda: len(viewer.frames) > 0)
        for number in range(1, 51):
            wait = ProcessorWait()
            shown = len(viewer.frames)
            device.size = sizes[number % len(sizes)]
            device.pixel_format = formats[number % len(formats)]
            wait_until(
                lambda: (
                    viewer.frames[-1].picture.pixel_format is device.pixel_format
                    and (source.info.width, source.info.height) == device.size
                )
            )
            captured = [frame.captured_ns for frame in viewer.frames[shown - 1 :]]
            gap_ns = max(later - earlier for earlier, later in itertools.pairwise(captured))
            assert gap_ns < 1e9 + wait.ns
        wait_for_state(source, SignalState.LIVE)
        assert source.signal.restarts == 50


def test_frames_of_another_size_need_no_opening(device: FaultyDevice) -> None:
    """Some streams change their size without a break."""
    device.keeps_open = True
    with ReconnectingSource("The stream", device.open) as source, Viewer(source) as viewer:
        wait_until(lambda: len(viewer.frames) > 0)
        for size in ((32, 48), (96, 64)):
            device.size = size
            wait_until(lambda: (source.info.width, source.info.height) == device.size)
        assert device.times_opened == 1
        assert source.signal.restarts == 0


@pytest.mark.parametrize("seed", range(3))
def test_after_any_faults_in_any_order_it_is_live_and_holds_nothing(seed: int) -> None:
    clock = FastClock(SPEED)
    device = FaultyDevice(SLOW_RATE, clock)
    dice = random.Random(seed)
    before = held()
    faults: list[Callable[[], None]] = [
        lambda: setattr(device, "plugged", dice.random() < 0.5),
        lambda: setattr(device, "has_signal", dice.random() < 0.5),
        lambda: setattr(device, "paused", dice.random() < 0.5),
        lambda: setattr(device, "still", dice.random() < 0.5),
        lambda: setattr(device, "size", (dice.choice((32, 64)), dice.choice((32, 64)))),
        lambda: setattr(device, "breaks_after", dice.choice((None, 0, 1, 2))),
        lambda: setattr(device, "pts_offset_s", dice.choice((0.0, -10.0, 1e6, math.nan))),
        lambda: setattr(device, "captured_offset_ns", dice.choice((0, -(10**10), 10**10))),
        lambda: device.hang(dice.choice(("open", "read", "close"))),
        device.let_hanging_go,
    ]
    with ReconnectingSource("The device", device.open, clock=clock) as source:
        with Viewer(source) as viewer:
            for _ in range(100):
                dice.choice(faults)()
                time.sleep(dice.uniform(0.0, 0.05))
                source.retry()
                assert source.report.hanging <= MOST_HANGING
            device.let_hanging_go()
            device.plugged = device.has_signal = True
            device.paused = device.still = False
            device.breaks_after = None
            wait_until(lambda: source.report.hanging == 0)
            source.retry()
            wait_for_state(source, SignalState.LIVE)
            count = len(viewer.frames)
            wait_until(lambda: len(viewer.frames) > count + 3)
        assert [frame.index for frame in viewer.frames] == list(range(len(viewer.frames)))
        times_s = [frame.pts_s for frame in viewer.frames]
        assert times_s == sorted(times_s)
    wait_until(lambda: device.open_now == 0)
    wait_until_given_back(before)


def test_what_is_no_source_error_is_survived_too(device: FaultyDevice) -> None:
    failures = [RuntimeError("the driver\n> is odd"), OSError(19, "No such device")]

    def open_source() -> object:
        if failures:
            raise failures.pop()
        return device.open()

    with ReconnectingSource("The device", open_source) as source:  # type: ignore[arg-type]
        wait_until(lambda: "OSError" in source.signal.sentence)
        wait_until(lambda: "RuntimeError: the driver > is odd" in source.signal.sentence)
        wait_for_state(source, SignalState.LIVE)
