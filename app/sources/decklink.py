"""Blackmagic DeckLink cards, through a GStreamer process of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from fractions import Fraction

from app.sources.base import SourceError
from app.sources.live import NoSignalError, SourceLostError
from app.sources.raw_video import RawVideoFormat, RawVideoSource
from models.picture import PixelFormat

PREFIX = "decklink:"

_LAUNCH = "gst-launch-1.0"
_INSPECT = "gst-inspect-1.0"
_ELEMENT = "decklinkvideosrc"
_DETECTION_LIMIT_S = 3.0
_CAPS = re.compile(
    r"src: caps = video/x-raw.*format=\(string\)UYVY.*width=\(int\)(?P<width>\d+)"
    r".*height=\(int\)(?P<height>\d+).*framerate=\(fraction\)(?P<rate>\d+/\d+)"
)
_ERROR = re.compile(r"^(ERROR|WARNING): (from element \S+ )?(?P<reason>.+)$", re.MULTILINE)


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
    if shutil.which(_LAUNCH) is None or shutil.which(_INSPECT) is None:
        raise _missing()
    found = subprocess.run([_INSPECT, "--exists", _ELEMENT], capture_output=True, check=False)
    if found.returncode != 0:
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
            self._process = subprocess.Popen(
                [_LAUNCH, "-q", *elements, "!", "capsfilter", caps, "!", *queue, "!", *sink],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[sender],
            )
        except OSError as error:
            super().close()
            raise _missing() from error
        finally:
            os.close(sender)

    def close(self) -> None:
        # The process goes first: it must not find that nobody reads.
        with self._process:
            self._process.kill()
        super().close()

    def _end(self) -> SourceError:
        assert self._process.stderr is not None
        return SourceLostError(_sentence(self._name, self._process.stderr.read()))


def _detect(name: str, elements: Sequence[str]) -> RawVideoFormat:
    """What comes from ``elements`` now."""
    uyvy = ["capsfilter", "caps=video/x-raw,format=UYVY"]
    command = [_LAUNCH, "-v", *elements, "!", *uyvy, "!", "fakesink", "num-buffers=1"]
    try:
        launched = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_DETECTION_LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NoSignalError(
            f"No picture reaches {name}; check its cable and what is connected to it."
        ) from error
    except OSError as error:
        raise _missing() from error
    found = list(_CAPS.finditer(launched.stdout.decode(errors="replace")))
    if not found:
        raise SourceError(_sentence(name, launched.stderr))
    caps = found[-1]
    return RawVideoFormat(
        PixelFormat.UYVY422, int(caps["width"]), int(caps["height"]), Fraction(caps["rate"])
    )


def _missing() -> SourceError:
    return SourceError(
        "DeckLink cards are read through GStreamer, which is not installed; install the packages "
        "gstreamer1.0-tools and gstreamer1.0-plugins-bad, and Blackmagic's Desktop Video."
    )


def _sentence(name: str, words: bytes) -> str:
    """Of what GStreamer said."""
    found = _ERROR.search(words.decode(errors="replace"))
    reason = found["reason"].rstrip(".") if found else "GStreamer ended"
    return (
        f"{name} cannot be read ({reason}); check its cable, that no other program uses it, and "
        "that Blackmagic's Desktop Video is installed."
    )
