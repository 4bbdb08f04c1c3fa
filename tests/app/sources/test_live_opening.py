from __future__ import annotations

import sys

import pytest

from app.sources.base import SourceError
from app.sources.live import CaptureWish, SignalState
from app.sources.live_opening import is_live, open_live
from tests.waiting import wait_until

WISH = CaptureWish()


@pytest.mark.parametrize(
    "location",
    [
        "v4l2:usb-Card-video-index0",
        "v4l2:/dev/video0",
        "opencv:0",
        "decklink:0",
        "rtsp://box/stream",
        "RTSP://box/stream",
        "srt://box:9000",
        "rtp://@:5004",
        "udp://@:5000",
        "tcp://box:9000",
        "room.sdp",
        "pipe:-?format=nv12&size=1920x1080&rate=60",
        "pipe:",
        "test-picture",
        "test-picture:1920x1080@60",
        "test-picture:nonsense",
    ],
)
def test_live_locations(location: str) -> None:
    assert is_live(location)


@pytest.mark.parametrize(
    "location",
    ["phantom", "video.mp4", "folder/", "http://box/video.mp4", "test-pictures", "/dev/video0", ""],
)
def test_other_locations(location: str) -> None:
    assert not is_live(location)


@pytest.mark.parametrize(
    ("location", "right_form"),
    [
        ("video.mp4", "run_app.py devices"),
        ("v4l2:", "run_app.py devices"),
        ("opencv:front", "opencv:0"),
        ("opencv:-1", "opencv:0"),
        ("opencv:99999999999999999999", "opencv:0"),
        ("decklink:", "decklink:0"),
        ("udp://", "udp://@:5000"),
        ("srt://box", "srt://192.168.1.20:9000"),
        ("test-picture:1920x1080", "test-picture:1920x1080@60"),
        ("test-picture:12x12@60", "test-picture:1920x1080@60"),
        ("test-picture:320x240@0", "test-picture:1920x1080@60"),
        ("test-picture:320x240@1/0", "test-picture:1920x1080@60"),
        ("test-picture:320x240@1/99999999999", "test-picture:1920x1080@60"),
        ("test-picturesque", "test-picture:1920x1080@60"),
    ],
)
def test_malformed_locations_are_told_the_right_form(location: str, right_form: str) -> None:
    with pytest.raises(SourceError) as raised:
        open_live(location, WISH)
    sentence = str(raised.value)
    assert right_form in sentence
    assert location in sentence or "srt" in location
    assert sentence.count(". ") == 0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes")
def test_a_malformed_pipe_is_told_the_right_form() -> None:
    with pytest.raises(SourceError, match="size=1920x1080"):
        open_live("pipe:/tmp/video", WISH)


def test_the_test_picture_takes_the_wish_where_it_names_no_size() -> None:
    with open_live("test-picture", CaptureWish(width=320, height=240)) as source:
        assert source.read() is not None
        assert (source.info.width, source.info.height) == (320, 240)
        assert source.info.rate == 60
    with open_live("test-picture:160x120@50", CaptureWish(width=320, height=240)) as source:
        assert source.read() is not None
        assert (source.info.width, source.info.height) == (160, 120)
        assert source.info.rate == 50


@pytest.mark.parametrize(
    "location",
    [
        pytest.param(
            "v4l2:usb-No_Such_Card-video-index0",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has V4L2"),
        ),
        "tcp://127.0.0.1:9",
        "no such file.sdp",
    ],
)
def test_what_is_not_there_yet_is_waited_for(location: str) -> None:
    with open_live(location, WISH) as source:
        wait_until(lambda: "is being opened" not in source.signal.sentence)
        assert source.signal.state is SignalState.NO_SIGNAL
        assert (source.info.width, source.info.height) == (0, 0)
