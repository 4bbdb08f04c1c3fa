"""What a capture device offers: formats, sizes and rates."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from typing import Any

from linuxpy.video import raw

from app.sources.capture_device import CaptureMode
from app.sources.live import CaptureWish
from app.sources.v4l2.formats import FORMATS
from app.sources.v4l2.inputs import Timings
from app.sources.v4l2.node import CAPTURE, Node


def read_modes(node: Node, timings: Timings | None, wish: CaptureWish) -> tuple[CaptureMode, ...]:
    """Every mode in one of ``FORMATS``; of a range of sizes or rates, those that matter.

    Those are the signal's own size and, where it is within the range, the wished one; the highest
    rate and, where it is within the range, the wished one.

    Args:
        timings: of the signal; None where the device has none to follow.

    Raises:
        OSError: the device does not answer.
    """
    native = (timings.width, timings.height) if timings else _present_size(node)
    modes = []
    for fourcc in _fourccs(node):
        for width, height in sorted(_sizes(node, fourcc, native, wish), reverse=True):
            rates = _rates(node, fourcc, (width, height), wish)
            if not rates and timings:
                rates.add(timings.rate)
            descending = tuple(sorted(rates, reverse=True))
            modes.append(CaptureMode(fourcc, width, height, descending))
    return tuple(modes)


def _fourccs(node: Node) -> list[str]:
    offered = {
        entry.pixelformat.to_bytes(4, "little").decode("latin-1")
        for entry in _listed(node, raw.IOC.ENUM_FMT, raw.v4l2_fmtdesc, type=CAPTURE)
    }
    return [fourcc for fourcc in FORMATS if fourcc in offered]


def _present_size(node: Node) -> tuple[int, int]:
    present = node.call(raw.IOC.G_FMT, raw.v4l2_format(type=CAPTURE)).fmt.pix
    return present.width, present.height


def _sizes(
    node: Node, fourcc: str, native: tuple[int, int], wish: CaptureWish
) -> set[tuple[int, int]]:
    sizes: set[tuple[int, int]] = set()
    for entry in _listed(
        node, raw.IOC.ENUM_FRAMESIZES, raw.v4l2_frmsizeenum, pixel_format=_code(fourcc)
    ):
        if entry.type != raw.Frmsizetypes.DISCRETE:
            wished = (wish.width or native[0], wish.height or native[1])
            return {native, wished} if _within(wished, entry.stepwise) else {native}
        sizes.add((entry.discrete.width, entry.discrete.height))
    return sizes or {native}


def _within(size: tuple[int, int], sizes: raw.v4l2_frmsize_stepwise) -> bool:
    width, height = size
    return bool(
        sizes.min_width <= width <= sizes.max_width
        and sizes.min_height <= height <= sizes.max_height
        and (width - sizes.min_width) % (sizes.step_width or 1) == 0
        and (height - sizes.min_height) % (sizes.step_height or 1) == 0
    )


def _rates(node: Node, fourcc: str, size: tuple[int, int], wish: CaptureWish) -> set[Fraction]:
    width, height = size
    rates = set()
    for entry in _listed(
        node,
        raw.IOC.ENUM_FRAMEINTERVALS,
        raw.v4l2_frmivalenum,
        pixel_format=_code(fourcc),
        width=width,
        height=height,
    ):
        if entry.type == raw.Frmivaltypes.DISCRETE:
            rates.add(rate_of(entry.discrete))
            continue
        # The shortest interval is the highest rate.
        highest, lowest = rate_of(entry.stepwise.min), rate_of(entry.stepwise.max)
        rates.add(highest)
        if highest and wish.rate and (lowest or 0) <= wish.rate <= highest:
            rates.add(wish.rate)
        break
    return {rate for rate in rates if rate is not None}


def _listed(node: Node, request: int, kind: type[Any], **fields: int) -> Iterator[Any]:
    """Every entry of one of the driver's lists: ``kind`` with ``fields`` and a running index."""
    for index in count():
        entry = node.ask(request, kind(index=index, **fields))
        if entry is None:
            return
        yield entry


def rate_of(interval: raw.v4l2_fract) -> Fraction | None:
    """Frames per second; None where a driver fills in nothing."""
    if not interval.numerator or not interval.denominator:
        return None
    return Fraction(interval.denominator, interval.numerator)


def _code(fourcc: str) -> int:
    return int.from_bytes(fourcc.encode("latin-1"), "little")
