"""Opening the virtual card and reading from it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from app.sources.base import VideoSource
from app.sources.camera import V4L2Camera
from app.sources.live import CaptureWish
from models.picture import PixelFormat
from tests.capture.vivid import card

SMALL = (640, 360)
"""What the guest's emulated processor can keep up with."""
SOON_S = 0.1
MANY = 1000
"""Frames, of which the card gives at most 60 a second."""


def open_card(
    size: tuple[int, int] | None = SMALL, pixel_format: PixelFormat | None = None
) -> V4L2Camera:
    width, height = size or (None, None)
    wish = CaptureWish(width=width, height=height, pixel_format=pixel_format)
    return V4L2Camera(str(card.NODE), wish)


@contextmanager
def soon(act: Callable[..., object], *arguments: object) -> Iterator[None]:
    """Does something to the card while the test waits for a frame."""
    timer = threading.Timer(SOON_S, act, arguments)
    timer.start()
    try:
        yield
    finally:
        timer.join()


def read_on(source: VideoSource) -> None:
    """Until reading raises something."""
    for _ in range(MANY):
        assert source.read() is not None
