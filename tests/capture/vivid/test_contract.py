"""The contract of every live source, on the virtual card's HDMI input."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.sources.live import CaptureWish, LiveSource
from app.sources.live_opening import open_live
from tests.app.sources.live_feeds import SIZE, Feed
from tests.capture.vivid import card
from tests.capture.vivid.card import Input, Signal
from tests.contract import test_live_sources as contract

ALL, NONE = 100, 0
"""Percent."""


class CardFeed(Feed):
    """What comes through the cable; ``kill`` pulls it out."""

    numbered = False

    def __init__(self) -> None:
        card.choose_input(Input.HDMI)
        card.set_hdmi_signal("1280x720p30")

    def open(self) -> LiveSource:
        wish = CaptureWish(width=SIZE[0], height=SIZE[1])
        return open_live(f"v4l2:{card.IDENTITY}", wish)

    def kill(self) -> None:
        card.set_control("DV Timings Signal Mode", Signal.NONE)

    def restart(self) -> tuple[int, int]:
        card.set_control("DV Timings Signal Mode", Signal.PRESENT)
        return SIZE

    def pause(self) -> None:
        card.set_control("Percentage of Dropped Buffers", ALL)

    def resume(self) -> None:
        card.set_control("Percentage of Dropped Buffers", NONE)


@pytest.fixture
def feed() -> Iterator[Feed]:
    feed = CardFeed()
    yield feed
    feed.end()


source = contract.source
test_frames_count_up_and_times_rise = contract.test_frames_count_up_and_times_rise
test_a_pause_is_a_stall_and_its_end_is_seen = contract.test_a_pause_is_a_stall_and_its_end_is_seen
test_a_loss_is_seen_and_its_return_is_seen = (
    contract.test_a_loss_is_seen_and_its_return_is_seen_in_whatever_size
)
test_closing_gives_everything_back = contract.test_closing_gives_everything_back
