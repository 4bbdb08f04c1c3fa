"""``devices``, run as a person does; with a card it is tested in the guest (tests/capture)."""

from __future__ import annotations

import json
from fractions import Fraction

import pytest

from app.commands import devices
from app.sources.capture_device import CaptureDevice, CaptureMode
from app.sources.capture_devices import TEST_PICTURE
from tests.app.command import run_app

CARD = CaptureDevice(
    location="v4l2:usb-Maker_Card_A2062-video-index0",
    name="Maker Card",
    interface="v4l2",
    node="/dev/video0",
    modes=(
        CaptureMode("NV12", 1920, 1080, (Fraction(60000, 1001), Fraction(50))),
        CaptureMode("MJPG", 640, 480, tuple(Fraction(rate) for rate in (60, 50, 30, 25, 10))),
    ),
    problem="No signal reaches Maker Card; check the cable.",
)


def test_json_ends_with_the_test_picture() -> None:
    run = run_app("devices", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    *_, last = json.loads(run.stdout)
    assert last["location"] == "test-picture"
    assert last["modes"] == [
        {"pixel_format": "NV12", "width": 1920, "height": 1080, "rates": ["60"]}
    ]


def test_a_card_is_shown_with_its_modes_side_by_side(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shown((CARD, TEST_PICTURE), monkeypatch, capsys) == [
        "Maker Card (v4l2, /dev/video0)",
        "  v4l2:usb-Maker_Card_A2062-video-index0",
        "  No signal reaches Maker Card; check the cable.",
        "  NV12  1920x1080  59.94, 50 frames/s",
        "  MJPG  640x480    60, 50, 30, 25 ... frames/s",
        "",
        "Test picture",
        "  test-picture",
        "  NV12  1920x1080  60 frames/s",
    ]


def test_without_a_device_it_is_said_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, *_ = shown((TEST_PICTURE,), monkeypatch, capsys)
    assert "No capture device" in first
    assert "docs/capture.md" in first


def shown(
    found: tuple[CaptureDevice, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> list[str]:
    monkeypatch.setattr(devices, "capture_devices", lambda: found)
    from app.cli import main

    assert main(["devices"]) == 0
    return capsys.readouterr().out.splitlines()
