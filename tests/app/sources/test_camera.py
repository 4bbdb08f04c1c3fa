"""What a camera says where there is none; with one it is tested in the guest (tests/capture)."""

from __future__ import annotations

import sys

import pytest

from app.sources.base import SourceFormatError, SourceNotFoundError
from app.sources.live import CaptureWish

if sys.platform != "linux":
    pytest.skip("V4L2 is of Linux", allow_module_level=True)

from app.sources.camera import V4L2Camera
from tests.leftovers import held, wait_until_given_back


@pytest.mark.parametrize(
    "identity",
    [
        "/dev/video4711",
        "usb-Maker_Card_A206200812345-video-index0",
        "Card@usb-0000:00:14.0-3",
        "../../etc/passwd",
        "",
    ],
)
def test_a_device_that_is_not_there_is_named(identity: str) -> None:
    before = held()
    with pytest.raises(SourceNotFoundError, match=r"run_app\.py devices") as raised:
        V4L2Camera(identity, CaptureWish())
    assert identity in str(raised.value)
    wait_until_given_back(before)


def test_another_kind_of_device_is_refused() -> None:
    before = held()
    with pytest.raises(SourceFormatError, match="/dev/null is no video device"):
        V4L2Camera("/dev/null", CaptureWish())
    wait_until_given_back(before)
