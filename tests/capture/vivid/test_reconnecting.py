"""Unplugged and plugged in again, and its signal changed, as often as it takes."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from app.frame import Frame
from app.sources.live import CaptureWish, LiveSource, SignalState
from app.sources.live_opening import open_live
from tests.capture.vivid import card
from tests.capture.vivid.card import Input, Signal
from tests.leftovers import descriptors
from tests.waiting import wait_until

LOCATION = f"v4l2:{card.IDENTITY}"

SLOWNESS = 2
"""The guest's processor is emulated: it gets so much more time than is promised."""
SAID_LIMIT_S = 0.5 * SLOWNESS
LIVE_AGAIN_LIMIT_S = 2.0 * SLOWNESS
NEW_SIZE_LIMIT_S = 1.0 * SLOWNESS


def read(source: LiveSource) -> Frame:
    frame = source.read()
    assert frame is not None
    return frame


def wait_until_away(source: LiveSource, since_s: float) -> float:
    """How long after ``since_s`` it says so, in seconds."""
    wait_until(lambda: source.signal.state is SignalState.NO_SIGNAL, "the word", SAID_LIMIT_S)
    after_s = time.monotonic() - since_s
    assert after_s < SAID_LIMIT_S
    return after_s


def wait_until_live(source: LiveSource, since_s: float) -> float:
    """How long after ``since_s`` the first frame comes that is newer, in seconds."""
    while read(source).captured_ns < since_s * 1e9:
        pass
    after_s = time.monotonic() - since_s
    assert source.signal.state is SignalState.LIVE
    return after_s


@pytest.mark.timeout(1200)
def test_unplugging_is_survived_and_leaks_nothing(
    cycles: int, record_property: Callable[[str, object], None]
) -> None:
    slowest_s = slowest_word_s = 0.0
    with open_live(LOCATION, CaptureWish(width=640, height=360)) as source:
        read(source)
        before = descriptors()
        for _ in range(cycles):
            gone_s = time.monotonic()
            card.unplug()
            slowest_word_s = max(slowest_word_s, wait_until_away(source, gone_s))
            assert source.signal.sentence
            card.plug_in()
            slowest_s = max(slowest_s, wait_until_live(source, time.monotonic()))
        assert descriptors() == before
    record_property("slowest_no_signal_s", f"{slowest_word_s:.2f}")
    record_property("slowest_return_s", f"{slowest_s:.2f}")
    assert slowest_s <= LIVE_AGAIN_LIMIT_S


@pytest.mark.timeout(600)
def test_a_signal_that_goes_and_comes_is_followed(
    cycles: int, record_property: Callable[[str, object], None]
) -> None:
    card.choose_input(Input.HDMI)
    slowest_s = slowest_word_s = 0.0
    with open_live(LOCATION, CaptureWish(width=640, height=360)) as source:
        read(source)
        for _ in range(cycles):
            gone_s = time.monotonic()
            card.set_control("DV Timings Signal Mode", Signal.NONE)
            slowest_word_s = max(slowest_word_s, wait_until_away(source, gone_s))
            assert "cable" in source.signal.sentence
            back_s = time.monotonic()
            card.set_control("DV Timings Signal Mode", Signal.PRESENT)
            slowest_s = max(slowest_s, wait_until_live(source, back_s))
    record_property("slowest_no_signal_s", f"{slowest_word_s:.2f}")
    record_property("slowest_return_s", f"{slowest_s:.2f}")
    assert slowest_s <= LIVE_AGAIN_LIMIT_S


@pytest.mark.timeout(600)
def test_changes_of_resolution_are_followed(
    cycles: int, record_property: Callable[[str, object], None]
) -> None:
    card.choose_input(Input.HDMI)
    card.set_hdmi_signal("640x480p59")
    sizes = {"800x600p60": (800, 600), "640x480p59": (640, 480)}
    longest_gap_s = 0.0
    with open_live(LOCATION, CaptureWish()) as source:
        read(source)
        for cycle in range(cycles):
            name, size = list(sizes.items())[cycle % 2]
            card.set_hdmi_signal(name)
            last_s = time.monotonic()
            while (frame := read(source)).picture.pixels.shape[1] != size[0]:
                last_s = time.monotonic()
            longest_gap_s = max(longest_gap_s, time.monotonic() - last_s)
            assert (source.info.width, source.info.height) == size
            assert frame.picture.height == size[1]
    record_property("longest_gap_s", f"{longest_gap_s:.2f}")
    assert longest_gap_s <= NEW_SIZE_LIMIT_S
