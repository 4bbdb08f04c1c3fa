"""Which mode is taken, from what real devices list."""

from __future__ import annotations

from fractions import Fraction

import pytest

from app.sources.capture_device import CaptureMode
from app.sources.live import CaptureWish
from app.sources.v4l2.negotiation import Choice, ranked
from models.picture import PixelFormat

FULL_HD = (1920, 1080)
HD = (1280, 720)


def mode(fourcc: str, size: tuple[int, int], *rates: int | Fraction) -> CaptureMode:
    return CaptureMode(fourcc, *size, tuple(Fraction(rate) for rate in rates))


USB_2_DONGLE = (
    mode("MJPG", FULL_HD, 30, 25, 20, 10, 5),
    mode("MJPG", HD, 60, 50, 30, 20, 10),
    mode("MJPG", (640, 480), 60, 50, 30, 20, 10),
    mode("YUYV", FULL_HD, 5),
    mode("YUYV", HD, 10, 5),
    mode("YUYV", (640, 480), 30, 20, 10, 5),
)
"""MacroSilicon MS2109."""
USB_3_DONGLE = (
    mode("YUYV", FULL_HD, 60, 50, 30, 20, 10),
    mode("YUYV", HD, 60, 50, 30, 20, 10),
    mode("MJPG", (2560, 1440), 60, 50, 30),
    mode("MJPG", FULL_HD, 60, 50, 30, 20, 10),
)
"""MacroSilicon MS2130."""
ONE_SIZE = (
    mode("NV12", (3840, 2160), Fraction(30000, 1001)),
    mode("YU12", (3840, 2160), Fraction(30000, 1001)),
)
"""Elgato Cam Link 4K: the size and rate of the signal, in whatever format."""


def taken(modes: tuple[CaptureMode, ...], **wish: object) -> Choice:
    return ranked(modes, CaptureWish(**wish))[0]  # type: ignore[arg-type]


def test_without_a_wish_it_is_1080p_at_the_highest_rate() -> None:
    assert taken(USB_2_DONGLE) == Choice("MJPG", *FULL_HD, Fraction(30))
    assert taken(ONE_SIZE) == Choice("NV12", 3840, 2160, Fraction(30000, 1001))


def test_uncompressed_comes_before_mjpeg_at_the_same_rate() -> None:
    assert taken(USB_3_DONGLE) == Choice("YUYV", *FULL_HD, Fraction(60))


def test_the_wished_size_counts_more_than_the_rate() -> None:
    assert taken(USB_2_DONGLE, width=640, height=480) == Choice("MJPG", 640, 480, Fraction(60))


def test_the_wished_rate_is_met_where_it_can_be() -> None:
    wish = {"width": 640, "height": 480, "rate": Fraction(30)}
    assert taken(USB_2_DONGLE, **wish) == Choice("YUYV", 640, 480, Fraction(30))
    wish = {"width": 1280, "height": 720, "rate": Fraction(50)}
    assert taken(USB_2_DONGLE, **wish) == Choice("MJPG", *HD, Fraction(50))


def test_the_wished_format_counts_most() -> None:
    wished = taken(USB_2_DONGLE, pixel_format=PixelFormat.YUYV422)
    assert wished == Choice("YUYV", *FULL_HD, Fraction(5))
    # There is none of it: the rest of the wish still holds.
    wished = taken(USB_2_DONGLE, pixel_format=PixelFormat.NV12, width=1280, height=720)
    assert wished == Choice("MJPG", *HD, Fraction(60))


def test_a_thousandth_of_a_rate_does_not_decide() -> None:
    modes = (mode("MJPG", FULL_HD, 60), mode("NV12", FULL_HD, Fraction(60000, 1001)))
    assert taken(modes).fourcc == "NV12"
    assert taken(modes, rate=Fraction(60)).fourcc == "NV12"


def test_a_size_that_is_not_there_becomes_the_nearest() -> None:
    assert taken(USB_3_DONGLE, width=1000, height=700).width == 1280


@pytest.mark.parametrize(("size", "fits"), [((641, 480), False), ((640, 481), False), (HD, True)])
def test_a_size_that_halves_no_chroma_is_left_out(size: tuple[int, int], fits: bool) -> None:
    assert bool(ranked([mode("NV12", size, 60)], CaptureWish())) == fits
    assert ranked([mode("BGR3", size, 60)], CaptureWish())
    assert ranked([mode("MJPG", size, 60)], CaptureWish())


def test_a_device_that_names_no_rate_is_taken_all_the_same() -> None:
    assert taken((mode("UYVY", FULL_HD),)) == Choice("UYVY", *FULL_HD, None)
    modes = (mode("UYVY", FULL_HD), mode("MJPG", FULL_HD, 30))
    assert taken(modes).fourcc == "MJPG"


def test_every_other_mode_follows_in_case_the_driver_refuses_the_first() -> None:
    assert len(ranked(USB_2_DONGLE, CaptureWish())) == len(USB_2_DONGLE)
