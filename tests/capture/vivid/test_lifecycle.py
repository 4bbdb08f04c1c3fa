"""Waking a waiting reader, closing, and what is given back."""

from __future__ import annotations

import threading
import time
from fractions import Fraction

import pytest

from app.frame import Frame
from app.sources.base import SourceError
from app.sources.camera import V4L2Camera
from app.sources.live import CaptureWish
from tests.app.sources.reading import frames_of
from tests.capture.vivid import card
from tests.capture.vivid.reading import open_card
from tests.leftovers import descriptors

AT_ONCE_S = 0.5


@pytest.fixture
def slow_camera() -> V4L2Camera:
    """A frame a second: a reader waits."""
    camera = V4L2Camera(str(card.NODE), CaptureWish(width=320, height=180, rate=Fraction(1)))
    frames_of(camera, 1)
    return camera


@pytest.mark.parametrize("end", ["interrupt", "close"])
def test_a_waiting_reader_is_woken(slow_camera: V4L2Camera, end: str) -> None:
    got: list[Frame | None] = []
    reader = threading.Thread(target=lambda: got.append(slow_camera.read()))
    reader.start()
    time.sleep(0.1)
    begun_s = time.monotonic()
    getattr(slow_camera, end)()
    reader.join(AT_ONCE_S)
    assert not reader.is_alive()
    assert time.monotonic() - begun_s < AT_ONCE_S
    assert got == [None]
    slow_camera.close()


def test_after_an_interrupt_it_stays_ended() -> None:
    with open_card() as camera:
        camera.interrupt()
        camera.interrupt()
        assert [camera.read(), camera.read()] == [None, None]


def test_a_closed_camera_says_so() -> None:
    camera = open_card()
    camera.close()
    camera.close()
    camera.interrupt()
    with pytest.raises(SourceError, match="closed"):
        camera.read()


def test_opening_a_hundred_times_leaks_nothing() -> None:
    before = descriptors()
    for _ in range(100):
        with open_card() as camera:
            camera.interrupt()
    assert descriptors() == before
