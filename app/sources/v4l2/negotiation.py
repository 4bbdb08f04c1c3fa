"""Which of a device's modes comes nearest to what a person asks of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from app.sources.capture_device import CaptureMode
from app.sources.live import CaptureWish
from app.sources.v4l2.formats import FORMATS, MJPEG

_USUAL_SIZE = (1920, 1080)
"""What endoscopes put out; aimed at where nobody asks for a size."""
_PREFERENCE = {fourcc: place for place, fourcc in enumerate(FORMATS)}


@dataclass(frozen=True, slots=True)
class Choice:
    """One mode at one rate."""

    fourcc: str
    width: int
    height: int
    rate: Fraction | None
    """Frames per second; None where the device names none."""


def ranked(modes: Iterable[CaptureMode], wish: CaptureWish) -> list[Choice]:
    """One choice of each mode that a ``Picture`` can hold, the one to try first at the front.

    The wished format counts most, then the size that is nearest to the wished one, then the rate
    that is nearest to the wished one, to one frame per second: MJPEG at 60 is not better than
    NV12 at 59.94. Without a wish the highest rate counts. Of equals the order of ``FORMATS``
    decides, in which uncompressed formats come before MJPEG.
    """
    choices = [
        Choice(mode.pixel_format, mode.width, mode.height, _best_rate(mode, wish))
        for mode in modes
        if fits_picture(mode.pixel_format, mode.width, mode.height)
    ]
    return sorted(choices, key=lambda choice: _distance(choice, wish))


def fits_picture(fourcc: str, width: int, height: int) -> bool:
    """Whether a picture of this size shares its chroma samples without a rest."""
    rows, columns = FORMATS[fourcc].chroma_step
    return fourcc == MJPEG or (width % columns == 0 and height % rows == 0)


def _best_rate(mode: CaptureMode, wish: CaptureWish) -> Fraction | None:
    if wish.rate is None:
        return max(mode.rates, default=None)
    wished = wish.rate
    return min(mode.rates, key=lambda rate: abs(rate - wished), default=None)


def _distance(choice: Choice, wish: CaptureWish) -> tuple[bool, int, int, int]:
    wrong_format = wish.pixel_format not in (None, FORMATS[choice.fourcc])
    width, height = wish.width or _USUAL_SIZE[0], wish.height or _USUAL_SIZE[1]
    size = abs(choice.width - width) + abs(choice.height - height)
    rate = choice.rate or Fraction(0)
    rate_distance = -round(rate) if wish.rate is None else round(abs(rate - wish.rate))
    return wrong_format, size, rate_distance, _PREFERENCE[choice.fourcc]
