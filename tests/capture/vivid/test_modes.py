"""What the card is set to, for what was asked."""

from __future__ import annotations

from fractions import Fraction

import pytest

from app.sources.base import SourceFormatError
from app.sources.camera import V4L2Camera
from app.sources.capture_devices import capture_devices
from app.sources.live import CaptureWish
from tests.capture.vivid import card
from tests.capture.vivid.card import Input
from tests.capture.vivid.reading import open_card


def opened(wish: CaptureWish) -> tuple[int, int, Fraction, tuple[str, ...]]:
    with V4L2Camera(card.IDENTITY, wish) as camera:
        return camera.info.width, camera.info.height, camera.info.rate, camera.report.messages


def test_a_wish_that_the_card_offers_is_met() -> None:
    wish = CaptureWish(width=640, height=480, rate=Fraction(25))
    assert opened(wish) == (640, 480, Fraction(25), ())


def test_without_a_wish_it_is_1080p_at_its_highest_rate() -> None:
    width, height, rate, messages = opened(CaptureWish())
    assert (width, height, messages) == (1920, 1080, ())
    card_listed, _ = capture_devices()
    offered = [mode for mode in card_listed.modes if (mode.width, mode.height) == (1920, 1080)]
    assert rate == max(offered[0].rates) > 0


def test_what_is_not_offered_becomes_the_nearest_and_is_said() -> None:
    width, height, rate, messages = opened(CaptureWish(width=700, height=500, rate=Fraction(26)))
    assert (width, height, rate) == (640, 480, Fraction(25))
    assert len(messages) == 1
    assert "640x480" in messages[0]


def test_hdmi_is_taken_as_it_comes() -> None:
    card.choose_input(Input.HDMI)
    for name, expected in {
        "1280x720p50": (1280, 720, Fraction(50)),
        "1920x1080p24": (1920, 1080, Fraction(24)),
        "800x600p60": (800, 600, Fraction(60)),
    }.items():
        card.set_hdmi_signal(name)
        width, height, rate, messages = opened(CaptureWish())
        assert (width, height, messages) == (*expected[:2], ())
        assert abs(rate - expected[2]) < Fraction(1, 2)


def test_hdmi_is_scaled_by_the_card_where_it_can() -> None:
    card.choose_input(Input.HDMI)
    assert opened(CaptureWish(width=640, height=360))[:2] == (640, 360)


def test_an_interlaced_picture_is_said_to_be_one() -> None:
    card.choose_input(Input.S_VIDEO)
    with open_card(size=None) as camera:
        assert camera.info.interlaced
        assert (camera.info.width, camera.info.height) == (720, 576)
        assert camera.info.rate == Fraction(25)


def test_a_node_for_metadata_gives_no_pictures() -> None:
    with pytest.raises(SourceFormatError, match="/dev/video1 gives no pictures"):
        V4L2Camera("/dev/video1", CaptureWish())


def test_single_fields_are_refused_with_the_repair() -> None:
    card.choose_input(Input.HDMI)
    card.set_hdmi_signal("1920x1080i25")
    with pytest.raises(SourceFormatError, match="progressive"):
        open_card(size=None)
