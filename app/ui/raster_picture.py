"""Pixels of the screen from a picture, on the CPU: the shader's conversion, in integers."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.ui.layout import Pane
from app.ui.sampling import samples_per_pixel
from app.ui.scratch import Sample, Scratch
from models.geometry import Area
from models.picture import Picture, PixelFormat, rgb_from_yuv

_FINE = 128
"""Parts of a level in which YUV is resized: whole levels, which the conversion doubles, would show.
What the conversion makes of them fits in 16 bits."""

_BAND_ROWS = 64
"""Converted together: what is made on the way stays in the processor's cache."""

_TO_BGRA = {
    PixelFormat.RGB24: cv2.COLOR_RGB2BGRA,
    PixelFormat.BGR24: cv2.COLOR_BGR2BGRA,
}


def draw_picture(screen: NDArray[np.uint8], picture: Picture, pane: Pane, scratch: Scratch) -> None:
    """Draws into ``screen``, (height, width, 4) uint8 B, G, R, 255: ``pane.visible`` alone."""
    visible = pane.visible
    target = screen[visible.y : visible.y + visible.height, visible.x : visible.x + visible.width]
    if not picture.pixel_format.is_yuv:
        pixels = _visible(_cut(picture.pixels, pane.source), pane, "pixels", scratch)
        cv2.cvtColor(pixels, _TO_BGRA[picture.pixel_format], dst=target)
        return
    fine = []
    for name, plane in zip("YUV", picture.separated(pane.source), strict=True):
        steps = scratch.array(f"{name}, fine", plane.shape, np.uint16)
        np.multiply(plane, _FINE, out=steps, dtype=np.uint16)
        fine.append(_visible(steps, pane, name, scratch))
    to_bgr = rgb_from_yuv(picture.matrix, picture.full_range)[::-1] * (1, 1, 1, _FINE)
    for top in range(0, visible.height, _BAND_ROWS):
        band = [plane[top : top + _BAND_ROWS] for plane in fine]
        _convert(band, to_bgr, target[top : top + _BAND_ROWS], scratch)


def _convert(
    band: list[NDArray[np.uint16]],
    to_bgr: NDArray[np.float64],
    target: NDArray[np.uint8],
    scratch: Scratch,
) -> None:
    """Rows of Y, U and V, in fine steps, to B, G, R and 255 in whole levels."""
    # The last band may be shorter: a part of the same memory.
    shape = (_BAND_ROWS, target.shape[1], 3)
    rows = slice(target.shape[0])
    yuv = scratch.array("yuv", shape, np.uint16)[rows]
    bgr = scratch.array("bgr, fine", shape, np.uint16)[rows]
    levels = scratch.array("bgr", shape, np.uint8)[rows]
    cv2.merge(band, dst=yuv)
    cv2.transform(yuv, to_bgr, dst=bgr)
    cv2.convertScaleAbs(bgr, dst=levels, alpha=1 / _FINE)
    cv2.cvtColor(levels, cv2.COLOR_BGR2BGRA, dst=target)


def _cut(plane: NDArray[np.uint8], area: Area) -> NDArray[np.uint8]:
    return plane[area.y : area.y + area.height, area.x : area.x + area.width]


def _visible(plane: NDArray[Sample], pane: Pane, name: str, scratch: Scratch) -> NDArray[Sample]:
    """``plane`` of ``pane.source`` at the screen's size: (height, width), and its channels."""
    placed, visible = pane.placed, pane.visible
    height, width = placed.height, placed.width
    sampled = (
        height * samples_per_pixel(plane.shape[0], height),
        width * samples_per_pixel(plane.shape[1], width),
    )
    fine = _resized(plane, sampled, f"{name}, sampled", scratch)
    # Halved, bilinear interpolation is the mean of the samples.
    shown = _resized(fine, (height, width), f"{name}, mean", scratch)
    x, y = visible.x - placed.x, visible.y - placed.y
    return shown[y : y + visible.height, x : x + visible.width]


def _resized(
    plane: NDArray[Sample], size: tuple[int, int], name: str, scratch: Scratch
) -> NDArray[Sample]:
    """To ``size``, rows and columns, bilinear; ``plane`` itself where it has it."""
    if plane.shape[:2] == size:
        return plane
    channels: tuple[int, ...] = plane.shape[2:]
    resized = scratch.array(name, (*size, *channels), plane.dtype.type)
    cv2.resize(plane, size[::-1], dst=resized, interpolation=cv2.INTER_LINEAR)
    return resized
