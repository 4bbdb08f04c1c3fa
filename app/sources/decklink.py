"""Blackmagic DeckLink cards, through a GStreamer process of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from fractions import Fraction

from app.sources import gstreamer
from app.sources.base import SourceError
from app.sources.gstreamer import GStreamerProcess, PipelineEnd
from app.sources.live import NoSignalError, SourceLostError
from app.sources.raw_video import RawVideoFormat, RawVideoSource
from models.picture import PixelFormat

_ELEMENT = "decklinkvideosrc"
_DETECTION_LIMIT_S = 3.0
_CAPS = re.compile(
    r"video/x-raw.*format=\(string\)UYVY.*width=\(int\)(?P<width>\d+)"
    r".*height=\(int\)(?P<height>\d+).*framerate=\(fraction\)(?P<rate>\d+/\d+)"
)


def card_elements(number: int) -> list[str]:
    """GStreamer's elements for card ``number``: UYVY in the size that the cable brings.

    What comes as 8-bit 4:2:2 anyway passes the conversion untouched.
    """
    card = [_ELEMENT, f"device-number={number}", "mode=auto", "drop-no-signal-frames=true"]
    return [*card, "!", "videoconvert"]


def check_gstreamer() -> None:
    """
    Raises:
        SourceError: a program or plug-in is missing; the sentence says what to install.
    """
    if not gstreamer.is_installed():
        raise _missing()
    if not gstreamer.has_element(_ELEMENT):
        raise SourceError(
            f"GStreamer has no {_ELEMENT}; install the package gstreamer1.0-plugins-bad, and "
            "Blackmagic's Desktop Video."
        )


class DeckLinkSource(RawVideoSource):
    """Reads UYVY frames as the card has them. When the size on the cable changes, it is lost.

    The first of two processes finds out what comes, the second one gives that and nothing else:
    it ends when something else comes. So no frame is ever cut in the wrong place.

    Args:
        name: for people, such as ``DeckLink 1``.
        elements: GStreamer's elements that make the frames, with their properties.

    Raises:
        NoSignalError: nothing comes from the card.
        SourceError: it cannot be opened.
    """

    def __init__(self, name: str, elements: Sequence[str]) -> None:
        video = _detect(name, elements)
        caps = (
            f"caps=video/x-raw,format=UYVY,width={video.width},height={video.height},"
            f"framerate={video.rate.numerator}/{video.rate.denominator}"
        )
        receiver, sender = os.pipe()
        queue = ["queue", "leaky=downstream", "max-size-buffers=2"]
        sink = ["fdsink", f"fd={sender}", "sync=false"]
        super().__init__(name, receiver, video)
        try:
            self._process = GStreamerProcess(
                [*elements, "!", "capsfilter", caps, "!", *queue, "!", *sink], [sender]
            )
        except BaseException:
            super().close()
            raise
        finally:
            os.close(sender)

    def close(self) -> None:
        self.interrupt()
        # The process goes first: it must not find that nobody reads.
        self._process.close()
        super().close()

    def _end(self) -> SourceError:
        return SourceLostError(_sentence(self._name, self._process.end()))


def _detect(name: str, elements: Sequence[str]) -> RawVideoFormat:
    """What comes from ``elements`` now."""
    uyvy = ["capsfilter", "caps=video/x-raw,format=UYVY"]
    end_of_one = ["fakesink", "name=detected", "num-buffers=1"]
    with GStreamerProcess([*elements, "!", *uyvy, "!", *end_of_one]) as process:
        try:
            end = process.end(_DETECTION_LIMIT_S)
        except TimeoutError as error:
            raise NoSignalError(
                f"No picture reaches {name}; check its cable and what is connected to it."
            ) from error
    if not end.installed:
        raise _missing()
    caps = _CAPS.match(end.caps)
    if caps is None:
        raise SourceError(_sentence(name, end))
    return RawVideoFormat(
        PixelFormat.UYVY422, int(caps["width"]), int(caps["height"]), Fraction(caps["rate"])
    )


def _missing() -> SourceError:
    return SourceError(
        "DeckLink cards are read through GStreamer, which is not installed; install the packages "
        "gstreamer1.0-tools and gstreamer1.0-plugins-bad, and Blackmagic's Desktop Video."
    )


def _sentence(name: str, end: PipelineEnd) -> str:
    reason = end.reason.rstrip(".") or "GStreamer ended"
    return (
        f"{name} cannot be read ({reason}); check its cable, that no other program uses it, and "
        "that Blackmagic's Desktop Video is installed."
    )
