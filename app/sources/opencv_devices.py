"""Cameras that OpenCV can open; it has no list of them, so each is tried."""

from __future__ import annotations

from app.sources.base import SourceNotFoundError
from app.sources.capture_device import CaptureDevice, CaptureMode
from app.sources.live import CaptureWish
from app.sources.live_opening import OPENCV_PREFIX
from app.sources.opencv_camera import OpenCvCamera

_MOST = 8


def opencv_devices() -> tuple[CaptureDevice, ...]:
    """Those with the first numbers, up to the first that is missing; each is opened for it."""
    devices = []
    for number in range(_MOST):
        try:
            with OpenCvCamera(number, CaptureWish()) as camera:
                info = camera.info
        except SourceNotFoundError:
            break
        mode = CaptureMode(info.codec, info.width, info.height, (info.rate,))
        devices.append(CaptureDevice(f"{OPENCV_PREFIX}{number}", info.name, "opencv", "", (mode,)))
    return tuple(devices)
