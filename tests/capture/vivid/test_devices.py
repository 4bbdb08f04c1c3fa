"""The list of devices, and names that last."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from app.cli import main
from app.sources.camera import V4L2Camera
from app.sources.live import CaptureWish
from tests.app.sources.reading import frames_of
from tests.capture.vivid import card
from tests.capture.vivid.card import Input, Signal

BY_ID = Path("/dev/v4l/by-id")
BY_PATH = Path("/dev/v4l/by-path")


@pytest.fixture
def udev_links() -> Iterator[None]:
    """What udev makes, which does not run in the guest."""
    assert not BY_ID.parent.exists()
    yield
    shutil.rmtree(BY_ID.parent)


def link(folder: Path, name: str) -> None:
    folder.mkdir(parents=True)
    (folder / name).symlink_to("../../video0")


def listed(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """What the first device is listed as."""
    assert main(["devices", "--json"]) == 0
    device, test_picture = json.loads(capsys.readouterr().out)
    assert test_picture["location"] == "test-picture"
    assert isinstance(device, dict)
    return device


def test_the_card_is_listed_and_its_metadata_node_is_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    device = listed(capsys)
    modes = device.pop("modes")
    assert device == {
        "location": f"v4l2:{card.IDENTITY}",
        "name": "vivid",
        "interface": "v4l2",
        "node": "/dev/video0",
        "problem": "",
    }
    assert isinstance(modes, list)
    nv12 = [mode for mode in modes if mode["pixel_format"] == "NV12"]
    assert [(mode["width"], mode["height"]) for mode in nv12] == [
        (3840, 2160),
        (1920, 1080),
        (1280, 720),
        (640, 480),
        (640, 360),
        (320, 180),
    ]
    rates = [Fraction(rate) for rate in nv12[-1]["rates"]]
    assert rates == sorted(rates, reverse=True)
    assert {Fraction(60), Fraction(30), Fraction(25, 2)} < set(rates)


def test_a_card_without_a_signal_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    card.choose_input(Input.HDMI)
    card.set_control("DV Timings Signal Mode", Signal.NONE)
    assert "No signal reaches vivid" in str(listed(capsys)["problem"])
    assert main(["devices"]) == 0
    assert "No signal reaches vivid" in capsys.readouterr().out


def test_a_serial_number_is_the_first_choice(
    udev_links: None, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "usb-Maker_Card_A206200812345-video-index0"
    link(BY_ID, name)
    assert listed(capsys)["location"] == f"v4l2:{name}"
    with V4L2Camera(name, CaptureWish(width=640, height=360)) as camera:
        frames_of(camera, 1)


def test_a_name_by_path_is_found_too(udev_links: None) -> None:
    name = "pci-0000:03:00.0-video-index0"
    link(BY_PATH, name)
    with V4L2Camera(name, CaptureWish(width=640, height=360)) as camera:
        frames_of(camera, 1)
