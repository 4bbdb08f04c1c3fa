"""Blackmagic's DeckLink cards, where GStreamer and its plug-in for them are installed."""

from __future__ import annotations

import re
import shutil
import subprocess

from app.sources.capture_device import CaptureDevice
from app.sources.live_opening import DECKLINK_PREFIX

_MONITOR = "gst-device-monitor-1.0"
_CLASS = "Video/Source/Hardware"
_LIMIT_S = 10.0

_NAME = re.compile(r"^\s*name\s*: (?P<name>.+?)( \(Video Capture\))?$", re.MULTILINE)
_ORDER = [
    re.compile(rf"^\s*{key} = (\d+)", re.MULTILINE) for key in ("persistent-id", "device-number")
]


def decklink_devices() -> tuple[CaptureDevice, ...]:
    """Those with an input. They follow the signal by themselves and name no modes."""
    monitor = shutil.which(_MONITOR)
    if monitor is None:
        return ()
    try:
        answer = subprocess.run(
            [monitor, _CLASS], capture_output=True, timeout=_LIMIT_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ()
    return devices_in(answer.stdout.decode(errors="replace"))


def devices_in(listing: str) -> tuple[CaptureDevice, ...]:
    """The DeckLink cards in what GStreamer's device monitor prints.

    ``decklinkvideosrc`` numbers them in the order of their persistent identity, and those that
    have none as they were found.
    """
    cards = [part for part in listing.split("Device found:") if "decklinkvideosrc" in part]
    names = [match["name"] for card in sorted(cards, key=_order) if (match := _NAME.search(card))]
    return tuple(
        CaptureDevice(f"{DECKLINK_PREFIX}{number}", name, "decklink", "")
        for number, name in enumerate(names)
    )


def _order(card: str) -> int:
    for key in _ORDER:
        if found := key.search(card):
            return int(found[1])
    return 0
