"""The list of devices, as far as it can be had without one."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.sources.capture_device import CaptureDevice
from app.sources.capture_devices import TEST_PICTURE, capture_devices
from app.sources.decklink_devices import decklink_devices, devices_in
from app.sources.live_opening import is_live

# In the form in which gst-device-monitor-1.0 prints a device.
ENTRY = """
Device found:

	name  : {name} (Video Capture)
	class : Video/Source/Hardware
	caps  : video/x-raw, width=1920, height=1080, framerate=60/1
	properties:
		device-number = {number} (0x0000000{number})
		model-name = DeckLink
		max-channels = 16 (0x00000010){persistent}
	gst-launch-1.0 decklinkvideosrc{element} ! ...

"""
CAMERA = ENTRY.replace("decklinkvideosrc", "v4l2src")


def entry(name: str, number: int, persistent: int | None) -> str:
    identity = "" if persistent is None else f"\n\t\tpersistent-id = {persistent}"
    element = "" if persistent is None else f" persistent-id={persistent}"
    return ENTRY.format(name=name, number=number, persistent=identity, element=element)


def test_the_test_picture_is_always_there_and_last() -> None:
    devices = capture_devices()
    assert devices[-1] is TEST_PICTURE
    assert all(is_live(device.location) for device in devices)
    assert len({device.location for device in devices}) == len(devices)


def test_decklink_cards_are_numbered_by_their_persistent_identity() -> None:
    listing = (
        "Probing devices...\n\n"
        + entry("DeckLink Quad (2)", 0, 3735925905)
        + CAMERA.format(name="USB Video", number=0, persistent="", element="")
        + entry("DeckLink Quad (1)", 1, 3735925904)
    )
    assert devices_in(listing) == (
        CaptureDevice("decklink:0", "DeckLink Quad (1)", "decklink", ""),
        CaptureDevice("decklink:1", "DeckLink Quad (2)", "decklink", ""),
    )


def test_decklink_cards_without_one_are_numbered_as_they_were_found() -> None:
    listing = entry("DeckLink SDI", 1, None) + entry("DeckLink Mini", 0, None)
    assert [device.name for device in devices_in(listing)] == ["DeckLink Mini", "DeckLink SDI"]


@pytest.mark.skipif(sys.platform == "win32", reason="a program that a shell runs")
def test_a_name_in_an_unknown_encoding_hides_no_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    listing = tmp_path / "listing"
    listing.write_bytes(entry("DeckLink Zürich", 0, None).encode("latin-1"))
    monitor = tmp_path / "gst-device-monitor-1.0"
    monitor.write_text(f"#!/bin/sh\ncat '{listing}'\n", encoding="utf-8")
    monitor.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    assert [device.name for device in decklink_devices()] == ["DeckLink Z\ufffdrich"]


def test_no_card_is_no_device() -> None:
    assert devices_in("Probing devices...\n\n") == ()
