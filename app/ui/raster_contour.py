"""Outlines along a level of the probability, on the CPU: the shader's arithmetic, with OpenCV."""

from __future__ import annotations

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from app.overlay import CASING_COLOUR, LINE_COLOUR
from app.ui.composition import LEAST_SLOPE, Contour

_BAND_ROWS = 32
"""Computed together: what is made on the way stays in the processor's cache."""


def draw_contour(
    screen: NDArray[np.uint8], contour: Contour, probability: NDArray[np.uint8]
) -> None:
    """Draws into ``screen``, (height, width, 4) uint8 B, G, R, 255: ``contour.window`` alone."""
    window, border = contour.window, 2 * contour.casing_radius
    inside = np.pad(_inside(contour, probability), border)
    left = window.x - contour.inside.x + border
    top = window.y - contour.inside.y + border
    part = np.s_[top : top + window.height, left : left + window.width]
    share = inside[part]
    line, casing = (
        (cv2.dilate(inside, disc(radius))[part], cv2.erode(inside, disc(radius))[part])
        for radius in (contour.line_radius, contour.casing_radius)
    )
    target = screen[window.y : window.y + window.height, window.x : window.x + window.width]
    for first in range(0, window.height, _BAND_ROWS):
        rows = slice(first, first + _BAND_ROWS)
        line_cover = _outline(line[0][rows], line[1][rows])
        casing_cover = _outline(casing[0][rows], casing[1][rows]) * (1 - line_cover)
        tint_cover = share[rows] * (1 - line_cover - casing_cover) * np.float32(contour.tint / 255)
        _blend(target[rows], line_cover + tint_cover, casing_cover)


def disc(radius: int) -> NDArray[np.uint8]:
    """1 in a circle, (2 * radius + 1) squared: what an outline of this radius is drawn with."""
    offsets = np.arange(-radius, radius + 1)
    return np.asarray(np.add.outer(offsets**2, offsets**2) <= radius * radius, np.uint8)


def _inside(contour: Contour, probability: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Which share, 255 = all, of each pixel of ``contour.inside`` lies inside a region.

    The level's distance is that of a straight edge: the difference to it, over the slope.
    """
    (scale_x, scale_y), (start_x, start_y) = contour.model_scale, contour.model_start
    # One pixel more on each side, for the slope.
    to_model = np.array([[scale_x, 0, start_x - scale_x], [0, scale_y, start_y - scale_y]])
    levels = cv2.warpAffine(
        probability.astype(np.float32),
        to_model,
        (contour.inside.width + 2, contour.inside.height + 2),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    share = np.empty((contour.inside.height, contour.inside.width), np.uint8)
    for first in range(0, contour.inside.height, _BAND_ROWS):
        band = levels[first : first + _BAND_ROWS + 2]
        across = cv2.subtract(band[1:-1, 2:], band[1:-1, :-2])
        down = cv2.subtract(band[2:, 1:-1], band[:-2, 1:-1])
        slope = np.maximum(cv2.magnitude(across, down), 2 * LEAST_SLOPE)  # over two pixels
        distance = (band[1:-1, 1:-1] - contour.level) / slope * 2
        share[first : first + _BAND_ROWS] = np.rint(np.clip((distance + 0.5) * 255, 0, 255))
    return share


def _outline(reached: MatLike, deep: MatLike) -> NDArray[np.float32]:
    """Coverage, in [0, 1], of the line between where its disc reaches and where it fits inside.

    Both are uint8, 255 = all of the pixel.
    """
    cover = reached * np.subtract(255, deep, dtype=np.float32) / np.float32(255 * 255)
    return np.asarray(cover, np.float32)


def _blend(
    target: NDArray[np.uint8], bright: NDArray[np.float32], dark: NDArray[np.float32]
) -> None:
    """Lays the line's and the casing's colour on ``target``, in these shares of each pixel."""
    colours = zip((*reversed(LINE_COLOUR), 255), (*reversed(CASING_COLOUR), 255), strict=True)
    laid_on = [bright * line + dark * casing for line, casing in colours]
    blended = target * cv2.merge([1 - bright - dark] * 4) + cv2.merge(laid_on)
    target[:] = np.rint(blended)
