"""A capture device as ``python run_app.py devices`` lists it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class CaptureMode:
    """One size in one format, with the rates it comes in."""

    pixel_format: str
    """The device's own name of it, such as ``UYVY``, ``NV12`` or ``MJPG``."""
    width: int
    height: int
    rates: tuple[Fraction, ...]
    """Frames per second, the highest first; empty where the device names none."""


@dataclass(frozen=True, slots=True)
class CaptureDevice:
    """One device, present when it was listed."""

    location: str
    """What ``open_live`` and the command line take. Names the same device after a restart of the
    computer and on another port where the device has a serial number, such as
    ``v4l2:usb-Magewell_USB_Capture_HDMI_A206200812345-video-index0``."""
    name: str
    """For people, such as ``Magewell USB Capture HDMI``."""
    interface: str
    """``v4l2``, ``decklink``, ``opencv`` or ``test picture``."""
    node: str
    """Where it is now, such as ``/dev/video0``; changes with every plugging in. May be empty."""
    modes: tuple[CaptureMode, ...] = ()
    problem: str = ""
    """Why it cannot be used now, and what to do, one sentence; empty where it can."""
