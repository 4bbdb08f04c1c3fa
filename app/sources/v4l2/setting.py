"""Sets a capture device up: signal, format, rate."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from linuxpy.video import raw

from app.sources.base import SourceFormatError
from app.sources.frame_rate import UNKNOWN_RATE
from app.sources.live import CaptureWish
from app.sources.v4l2.colour import colour_of
from app.sources.v4l2.formats import (
    FORMATS,
    MJPEG,
    JpegReader,
    PictureReader,
    UncompressedReader,
)
from app.sources.v4l2.inputs import Timings, follow_timings, require_signal
from app.sources.v4l2.modes import rate_of, read_modes
from app.sources.v4l2.negotiation import Choice, fits_picture, ranked
from app.sources.v4l2.node import CAPTURE, Node

_WHOLE_FRAMES = (raw.Field.ANY, raw.Field.NONE)
_INTERLACED = (raw.Field.INTERLACED, raw.Field.INTERLACED_TB, raw.Field.INTERLACED_BT)


@dataclass(frozen=True, slots=True)
class Setting:
    """What a device was set to."""

    fourcc: str
    width: int
    height: int
    rate: Fraction
    """Frames per second."""
    interlaced: bool
    timings: Timings | None
    """Of the signal that it follows; None where the device has none to follow."""
    reader: PictureReader

    def __str__(self) -> str:
        return f"{self.fourcc} {self.width}x{self.height} at {float(self.rate):.4g} frames/s"


def set_up(node: Node, wish: CaptureWish) -> Setting:
    """Takes the signal as it is, and of the modes the one that is nearest to ``wish``.

    Raises:
        NoSignalError: no picture reaches the device.
        SourceFormatError: it gives nothing that can be shown.
        OSError: it does not answer, or is in use.
    """
    if not node.captures:
        raise SourceFormatError(
            f"{node.path} gives no pictures; choose another from: python run_app.py devices"
        )
    require_signal(node)
    timings = follow_timings(node)
    for choice in ranked(read_modes(node, timings, wish), wish):
        pixels = _set_format(node, choice)
        if pixels is not None:
            return _setting(node, choice, pixels, timings)
    raise SourceFormatError(
        f"{node.card} gives none of {', '.join(FORMATS)}; set it to one of them in its own tool."
    )


def _set_format(node: Node, choice: Choice) -> raw.v4l2_pix_format | None:
    """What the driver made of it; None where that is something else altogether."""
    wanted = raw.v4l2_format(type=CAPTURE)
    wanted.fmt.pix.width = choice.width
    wanted.fmt.pix.height = choice.height
    wanted.fmt.pix.pixelformat = int.from_bytes(choice.fourcc.encode("latin-1"), "little")
    wanted.fmt.pix.field = raw.Field.ANY
    wanted_code = wanted.fmt.pix.pixelformat
    answer = node.ask(raw.IOC.S_FMT, wanted)
    if answer is None or answer.fmt.pix.pixelformat != wanted_code:
        return None
    taken = answer.fmt.pix
    return taken if fits_picture(choice.fourcc, taken.width, taken.height) else None


def _setting(
    node: Node, choice: Choice, pixels: raw.v4l2_pix_format, timings: Timings | None
) -> Setting:
    if pixels.field not in (*_WHOLE_FRAMES, *_INTERLACED):
        raise SourceFormatError(
            f"{node.card} gives the two fields of an interlaced picture one by one; set the video "
            "source to a progressive format such as 1080p."
        )
    named = timings.rate if timings else choice.rate
    return Setting(
        fourcc=choice.fourcc,
        width=pixels.width,
        height=pixels.height,
        rate=_set_rate(node, choice.rate) or named or UNKNOWN_RATE,
        interlaced=pixels.field in _INTERLACED,
        timings=timings,
        reader=_reader(choice.fourcc, pixels),
    )


def _set_rate(node: Node, rate: Fraction | None) -> Fraction | None:
    """The rate that the device is set to afterwards; None where it has no say in it."""
    if rate is not None:
        wanted = raw.v4l2_streamparm(type=CAPTURE)
        # V4L2 counts in 32 bits.
        counted = rate.limit_denominator(1_000_000)
        wanted.parm.capture.timeperframe.numerator = counted.denominator
        wanted.parm.capture.timeperframe.denominator = counted.numerator
        node.ask(raw.IOC.S_PARM, wanted)
    present = node.ask(raw.IOC.G_PARM, raw.v4l2_streamparm(type=CAPTURE))
    return None if present is None else rate_of(present.parm.capture.timeperframe)


def _reader(fourcc: str, pixels: raw.v4l2_pix_format) -> PictureReader:
    if fourcc == MJPEG:
        return JpegReader()
    matrix, full_range = colour_of(pixels)
    pixel_format = FORMATS[fourcc]
    return UncompressedReader(
        pixel_format=pixel_format,
        width=pixels.width,
        height=pixels.height,
        # Some drivers fill in none.
        bytes_per_line=max(pixels.bytesperline, pixel_format.line_bytes(pixels.width)),
        matrix=matrix,
        full_range=full_range,
    )
