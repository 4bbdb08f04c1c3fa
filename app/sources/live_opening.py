"""From what a person typed to a live source that comes back whenever it is lost."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from fractions import Fraction

from app.sources.base import SourceError
from app.sources.frame_rate import parse_rate
from app.sources.live import CaptureWish, LiveSource
from app.sources.reconnecting import ReconnectingSource
from app.sources.stream_address import Transport, is_stream, parse_stream_address

V4L2_PREFIX = "v4l2:"
OPENCV_PREFIX = "opencv:"
DECKLINK_PREFIX = "decklink:"
PIPE_PREFIX = "pipe:"
TEST_PICTURE = "test-picture"
TEST_PICTURE_FORM = "test-picture or test-picture:1920x1080@60"

_DEVICE_NUMBER = re.compile("[0-9]{1,3}")
_TEST_PICTURE = re.compile(TEST_PICTURE + r"(:(?P<size>(\d{1,5})x(\d{1,5}))@(?P<rate>[\d./]+))?")


def is_live(location: str) -> bool:
    """Whether ``location`` means a live source; it may still be malformed."""
    prefixes = (V4L2_PREFIX, OPENCV_PREFIX, DECKLINK_PREFIX, PIPE_PREFIX, f"{TEST_PICTURE}:")
    return location.startswith(prefixes) or location == TEST_PICTURE or is_stream(location)


def heeds_wish(location: str) -> bool:
    """Whether ``open_live`` heeds its wish there; other live sources come as they are sent."""
    return location.startswith((V4L2_PREFIX, OPENCV_PREFIX)) or location == TEST_PICTURE


def open_live(location: str, wish: CaptureWish) -> LiveSource:
    """The live source at ``location``, which need not be there yet: it is waited for.

    Raises:
        SourceError: as ``live_opener``.
    """
    return live_opener(location, wish)()


def live_opener(location: str, wish: CaptureWish) -> Callable[[], LiveSource]:
    """What opens the live source at ``location``; nothing is opened, and no device is touched,
    before it is called.

    Locations are ``v4l2:`` and ``opencv:`` and ``decklink:`` as ``devices`` lists them, the streams
    of ``stream_address.FORMS``, ``pipe.FORM`` and ``TEST_PICTURE_FORM``.

    Args:
        wish: heeded where ``heeds_wish`` says so.

    Raises:
        SourceError: ``location`` is malformed, or cannot be opened on this computer whatever is
            plugged in.
    """
    if location.startswith(V4L2_PREFIX):
        return _v4l2(location.removeprefix(V4L2_PREFIX), wish)
    if location.startswith(OPENCV_PREFIX):
        return _opencv(_number(location, OPENCV_PREFIX), wish)
    if location.startswith(DECKLINK_PREFIX):
        return _decklink(_number(location, DECKLINK_PREFIX))
    if location.startswith(PIPE_PREFIX):
        return _pipe(location)
    if location.startswith(TEST_PICTURE):
        return _test_picture(location, wish)
    if is_stream(location):
        return _stream(location)
    raise SourceError(f"{location} is no live source; choose one from: python run_app.py devices")


def _v4l2(identity: str, wish: CaptureWish) -> Callable[[], LiveSource]:
    if not identity:
        raise SourceError("v4l2: names no device; choose one from: python run_app.py devices")
    if sys.platform != "linux":
        raise SourceError("v4l2: is for Linux alone; give opencv:0, or opencv:1 and so on.")
    from app.sources.camera import V4L2Camera

    return lambda: ReconnectingSource(identity, lambda: V4L2Camera(identity, wish))


def _opencv(number: int, wish: CaptureWish) -> Callable[[], LiveSource]:
    from app.sources.opencv_camera import OpenCvCamera

    return lambda: ReconnectingSource(f"Camera {number}", lambda: OpenCvCamera(number, wish))


def _decklink(number: int) -> Callable[[], LiveSource]:
    from app.sources.decklink import DeckLinkSource, card_elements, check_gstreamer

    check_gstreamer()
    name = f"DeckLink {number}"
    return lambda: ReconnectingSource(name, lambda: DeckLinkSource(name, card_elements(number)))


def _pipe(location: str) -> Callable[[], LiveSource]:
    if sys.platform == "win32":
        raise SourceError(
            "Windows has no named pipes to read from; send the video to udp://@:5000."
        )
    from app.sources.pipe import PipeSource, parse_pipe_address

    parse_pipe_address(location)
    name = location.partition("?")[0]
    # A frame that was begun is read on: nothing in the pipe tells where the next one begins.
    return lambda: ReconnectingSource(name, lambda: PipeSource(location), reopen_stalled=False)


def _test_picture(location: str, wish: CaptureWish) -> Callable[[], LiveSource]:
    from app.sources.test_picture import TestPicture, require_possible

    size = (wish.width or 1920, wish.height or 1080)
    rate = wish.rate or Fraction(60)
    found = _TEST_PICTURE.fullmatch(location)
    try:
        if found is None:
            raise ValueError("it lacks its size or rate")
        if found["size"]:
            width, height = map(int, found["size"].split("x"))
            size, rate = (width, height), parse_rate(found["rate"])
        require_possible(size, rate)
    except ValueError as error:
        raise SourceError(
            f"{location} is no test picture ({error}); give {TEST_PICTURE_FORM}."
        ) from error
    return lambda: ReconnectingSource("Test picture", lambda: TestPicture(size, rate))


def _stream(location: str) -> Callable[[], LiveSource]:
    address = parse_stream_address(location)
    if address.transport is Transport.SRT:
        from app.sources.srt import check_srt

        check_srt()
    from app.sources.stream import StreamSource  # loads FFmpeg

    return lambda: ReconnectingSource(address.name, lambda: StreamSource(location))


def _number(location: str, prefix: str) -> int:
    digits = location.removeprefix(prefix)
    if not _DEVICE_NUMBER.fullmatch(digits):
        raise SourceError(f"{location} names no device; give {prefix}0, or {prefix}1 and so on.")
    return int(digits)
