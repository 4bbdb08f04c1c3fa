"""A camera through OpenCV that answers with what cannot be."""

from __future__ import annotations

import cv2
import pytest

from app.sources.live import CaptureWish
from app.sources.opencv_camera import OpenCvCamera


class SenselessCapture:
    """It opens, and has no size."""

    released = False

    def __init__(self, number: int, interface: int) -> None: ...

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name for it
        return True

    def get(self, what: int) -> float:
        return float("nan")

    def release(self) -> None:
        SenselessCapture.released = True


def test_a_camera_that_cannot_be_set_up_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", SenselessCapture)
    with pytest.raises(ValueError, match="NaN"):
        OpenCvCamera(0, CaptureWish())
    assert SenselessCapture.released
