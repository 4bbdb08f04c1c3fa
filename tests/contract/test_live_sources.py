"""What every live source keeps, held against real devices, writers, encoders and their faults."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from app.sources.live import CaptureWish, LiveSource, SignalState
from app.sources.live_opening import open_live
from app.sources.reconnecting import ReconnectingSource
from app.sources.signal_watch import GRACE_S, REOPEN_AFTER_S, STALL_FRAMES
from app.sources.stillness import STILL_AFTER_S
from tests.app.sources.faulty_device import FaultyDevice
from tests.app.sources.live_feeds import (
    RATE,
    SIZE,
    FaultyFeed,
    Feed,
    pipe_feed,
    rtsp_feed,
    tcp_feed,
    udp_feed,
)
from tests.app.sources.srt_feed import SrtFeed, needs_srt
from tests.app.sources.videos import number_in
from tests.app.sources.waiting import Viewer, wait_for_state
from tests.leftovers import held, wait_until_given_back
from tests.processor_wait import ProcessorWait
from tests.waiting import wait_until

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="pauses processes by signals and counts what /proc tells"
)

SHOWN_WITHIN_NS = 500_000_000
"""Promise 5: a state is right within this."""
BACK_WITHIN_NS = 2_000_000_000
"""Promise 8: live again within this after the return."""
STALL_NS = STALL_FRAMES * 1_000_000_000 // RATE
NOISE_NS = 150_000_000
"""So late may a busy machine wake a thread."""

FEEDS: dict[str, Callable[[Path], Feed]] = {
    "device": lambda _: FaultyFeed(),
    "pipe": pipe_feed,
    "udp": lambda _: udp_feed(),
    "tcp": lambda _: tcp_feed(),
    "rtsp": lambda _: rtsp_feed(),
    "srt": lambda _: SrtFeed(),
}
MARKS = {"srt": needs_srt}


@pytest.fixture(
    scope="module", params=[pytest.param(name, marks=MARKS.get(name, ())) for name in FEEDS]
)
def feed(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Feed]:
    feed = FEEDS[request.param](tmp_path_factory.mktemp("feed"))
    yield feed
    feed.end()


@pytest.fixture
def source(feed: Feed) -> Iterator[LiveSource]:
    with feed.open() as source:
        yield source


def check_frames(viewer: Viewer, source: LiveSource) -> None:
    frames = viewer.frames
    assert [frame.index for frame in frames] == list(range(len(frames)))
    time_base = source.info.time_base
    for earlier, later in itertools.pairwise(frames):
        assert later.pts_s > earlier.pts_s
        assert later.captured_ns >= earlier.captured_ns
    for frame in frames:
        assert frame.pts_s == round(frame.pts_s / time_base) * time_base.numerator / (
            time_base.denominator
        )
        pixels = frame.picture.pixels
        assert pixels.dtype == np.uint8
        assert pixels.flags.c_contiguous
        assert not pixels.flags.writeable


def test_frames_count_up_and_times_rise(feed: Feed, source: LiveSource) -> None:
    with Viewer(source) as viewer:
        wait_until(lambda: len(viewer.frames) >= 25)
        info = source.info
        wait_for_state(source, SignalState.LIVE)
    check_frames(viewer, source)
    assert info.live
    assert info.frame_count is None
    assert info.rate == RATE
    assert (info.width, info.height) == SIZE
    for frame in viewer.frames:
        assert (frame.picture.width, frame.picture.height) == SIZE
        assert frame.captured_ns <= time.monotonic_ns()
    if feed.numbered:
        numbers = [number_in(frame.picture) for frame in viewer.frames]
        steps = {(later - earlier) % 256 for earlier, later in itertools.pairwise(numbers)}
        # A busy machine loses some; none comes twice or goes back.
        assert max(steps) < 20
        assert 0 not in steps
        assert 1 in steps


def test_a_pause_is_a_stall_and_its_end_is_seen(feed: Feed, source: LiveSource) -> None:
    with Viewer(source) as viewer:
        wait_for_state(source, SignalState.LIVE)
        time.sleep(GRACE_S + 0.1)
        wait_for_state(source, SignalState.LIVE)
        wait = ProcessorWait()
        feed.pause()
        try:
            stall = wait_for_state(source, SignalState.STALLED)
            silence_ns = stall.since_ns - viewer.frames[-1].captured_ns
            assert STALL_NS * 0.9 < silence_ns < STALL_NS + NOISE_NS + wait.ns
            assert stall.sentence
            time.sleep(REOPEN_AFTER_S + 0.5)
            assert source.signal.state in (SignalState.STALLED, SignalState.NO_SIGNAL)
        finally:
            feed.resume()
        wait = ProcessorWait()
        resumed_ns = time.monotonic_ns()
        live = wait_for_state(source, SignalState.LIVE)
        assert live.since_ns - resumed_ns < BACK_WITHIN_NS + wait.ns
    check_frames(viewer, source)


def test_a_loss_is_seen_and_its_return_is_seen_in_whatever_size(feed: Feed) -> None:
    begun_ns = time.monotonic_ns()
    with feed.open() as source, Viewer(source) as viewer:
        first_live = wait_for_state(source, SignalState.LIVE)
        wait_until(lambda: len(viewer.frames) >= 5)
        wait = ProcessorWait()
        feed.kill()
        killed_ns = time.monotonic_ns()
        wait_until(lambda: source.signal.state is not SignalState.LIVE)
        assert source.signal.since_ns - killed_ns < SHOWN_WITHIN_NS + wait.ns
        assert source.signal.sentence
        wait_for_state(source, SignalState.NO_SIGNAL)

        restarting_ns = time.monotonic_ns()
        size = feed.restart()
        wait = ProcessorWait()
        returned_ns = time.monotonic_ns()
        live = wait_for_state(source, SignalState.LIVE)
        assert live.since_ns - returned_ns < BACK_WITHIN_NS + wait.ns
        assert live.restarts == 1
        wait_until(lambda: sum(frame.captured_ns > restarting_ns for frame in viewer.frames) >= 10)
        assert (source.info.width, source.info.height) == size
    check_frames(viewer, source)
    back = next(frame for frame in viewer.frames if frame.captured_ns > restarting_ns)
    # The time since the first frame. Of what came at once with an opening some is not seen here.
    opening_ns = live.since_ns - restarting_ns
    assert back.pts_s > (restarting_ns - first_live.since_ns) / 1e9
    assert back.pts_s < (back.captured_ns - begun_ns + opening_ns) / 1e9


def test_closing_gives_everything_back(feed: Feed) -> None:
    def one_round() -> None:
        with feed.open() as source, Viewer(source) as viewer:
            wait_until(lambda: len(viewer.frames) > 0)

    one_round()
    before = held()
    for _ in range(4):
        one_round()
    wait_until_given_back(before)


def test_the_test_picture_keeps_the_contract_too() -> None:
    with open_live("test-picture:320x240@60", CaptureWish()) as source, Viewer(source) as viewer:
        wait_until(lambda: len(viewer.frames) >= 60)
        wait_for_state(source, SignalState.LIVE)
        assert (source.info.width, source.info.height) == (320, 240)
        assert source.info.rate == 60
    check_frames(viewer, source)


@pytest.fixture
def device() -> FaultyDevice:
    return FaultyDevice()


@pytest.fixture
def faulty(device: FaultyDevice) -> Iterator[ReconnectingSource]:
    with ReconnectingSource("The device", device.open) as source:
        yield source


def test_unplugged_and_plugged_in_again(device: FaultyDevice, faulty: ReconnectingSource) -> None:
    with Viewer(faulty):
        wait_for_state(faulty, SignalState.LIVE)
        for away_s in (0.1, 0.3, 0.5, 0.7, 0.9):
            wait = ProcessorWait()
            unplugged_ns = time.monotonic_ns()
            device.plugged = False
            signal = wait_for_state(faulty, SignalState.NO_SIGNAL)
            assert signal.since_ns - unplugged_ns < SHOWN_WITHIN_NS + wait.ns
            time.sleep(away_s)
            wait = ProcessorWait()
            plugged_ns = time.monotonic_ns()
            device.plugged = True
            signal = wait_for_state(faulty, SignalState.LIVE)
            assert signal.since_ns - plugged_ns < BACK_WITHIN_NS + wait.ns


def test_no_picture_on_the_cable(device: FaultyDevice, faulty: ReconnectingSource) -> None:
    wait_for_state(faulty, SignalState.LIVE)
    wait = ProcessorWait()
    gone_ns = time.monotonic_ns()
    device.has_signal = False
    signal = wait_for_state(faulty, SignalState.NO_SIGNAL)
    assert signal.since_ns - gone_ns < SHOWN_WITHIN_NS + wait.ns
    assert "check its cable" in signal.sentence
    wait = ProcessorWait()
    back_ns = time.monotonic_ns()
    device.has_signal = True
    signal = wait_for_state(faulty, SignalState.LIVE)
    assert signal.since_ns - back_ns < BACK_WITHIN_NS + wait.ns


def test_a_frozen_picture_is_never_live(device: FaultyDevice, faulty: ReconnectingSource) -> None:
    with Viewer(faulty) as viewer:
        wait_for_state(faulty, SignalState.LIVE)
        wait = ProcessorWait()
        frozen_ns = time.monotonic_ns()
        device.still = True
        signal = wait_for_state(faulty, SignalState.FROZEN)
        shown_ns = signal.since_ns - frozen_ns
        assert STILL_AFTER_S * 0.9e9 < shown_ns < SHOWN_WITHIN_NS + NOISE_NS + wait.ns
        count = len(viewer.frames)
        wait_until(lambda: len(viewer.frames) > count + 10)
        assert faulty.signal.state is not SignalState.LIVE
        device.still = False
        wait_for_state(faulty, SignalState.LIVE)
        assert device.times_opened == 1


def test_black_is_a_picture(device: FaultyDevice, faulty: ReconnectingSource) -> None:
    with Viewer(faulty) as viewer:
        wait_for_state(faulty, SignalState.LIVE)
        device.black = True
        count = len(viewer.frames)
        wait_until(lambda: len(viewer.frames) > count + 100)
        assert faulty.signal.state is not SignalState.FROZEN
        wait_for_state(faulty, SignalState.LIVE)
        assert device.times_opened == 1


def test_damaged_frames_are_left_out_and_counted_over_every_opening(
    device: FaultyDevice, faulty: ReconnectingSource
) -> None:
    device.damage_every = 4
    with Viewer(faulty) as viewer:
        wait_until(lambda: len(viewer.frames) >= 30)
        counted = faulty.report.undecodable
        assert counted >= 9
        device.plugged = False
        wait_for_state(faulty, SignalState.NO_SIGNAL)
        device.plugged = True
        wait_for_state(faulty, SignalState.LIVE)
        wait_until(lambda: faulty.report.undecodable >= counted + 5)
        wait_for_state(faulty, SignalState.LIVE)
    check_frames(viewer, faulty)


@pytest.mark.parametrize(
    ("attribute", "values"),
    [
        ("pts_offset_s", [-5.0, 100.0, -1e9]),
        ("captured_offset_ns", [10**12, -(10**12), 0]),
    ],
)
def test_wrong_times_are_mended_and_counted(
    device: FaultyDevice, faulty: ReconnectingSource, attribute: str, values: list[float]
) -> None:
    wait = ProcessorWait()
    with Viewer(faulty) as viewer:
        wait_until(lambda: len(viewer.frames) >= 5)
        assert faulty.report.mistimed == 0
        for value in values:
            setattr(device, attribute, value)
            count = len(viewer.frames)
            wait_until(lambda: len(viewer.frames) > count + 5)  # noqa: B023 - called at once
        assert faulty.report.mistimed >= 2
        wait_for_state(faulty, SignalState.LIVE)
    check_frames(viewer, faulty)
    for frame in viewer.frames:
        assert frame.captured_ns <= time.monotonic_ns()
    span_s = (viewer.frames[-1].captured_ns - viewer.frames[0].captured_ns) / 1e9
    assert viewer.frames[-1].pts_s == pytest.approx(span_s, abs=0.05 + wait.s)
