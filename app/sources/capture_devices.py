"""Every capture device of this computer, and the test picture."""

from __future__ import annotations

import sys
from fractions import Fraction

from app.sources.capture_device import CaptureDevice, CaptureMode
from app.sources.decklink_devices import decklink_devices
from app.sources.live_opening import TEST_PICTURE as TEST_PICTURE_LOCATION

TEST_PICTURE = CaptureDevice(
    location=TEST_PICTURE_LOCATION,
    name="Test picture",
    interface="test picture",
    node="",
    modes=(CaptureMode("NV12", 1920, 1080, (Fraction(60),)),),
)


def capture_devices() -> tuple[CaptureDevice, ...]:
    """What is there now, devices before the test picture. Takes as long as they take to answer."""
    if sys.platform == "linux":
        from app.sources.v4l2.devices import v4l2_devices  # linuxpy loads the C library of Linux

        system = v4l2_devices()
    else:
        from app.sources.opencv_devices import opencv_devices

        system = opencv_devices()
    return (*system, *decklink_devices(), TEST_PICTURE)
