"""Outlines along a level of the probability, on the CPU: the shader's arithmetic, with OpenCV.

Most of a large region is neither near its outline nor costs more than its tint: the window is cut
into blocks, and only those that an outline may touch are computed pixel by pixel.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from app.overlay import CASING_COLOUR, LINE_COLOUR
from app.ui.composition import LEAST_SLOPE, Contour

_SIDE = 24
"""Of a block, in pixels of the screen."""
_TOGETHER = 96
"""Blocks computed at once, side by side: what is made on the way stays in the processor's cache."""

_LINE_BGRA = (*reversed(LINE_COLOUR), 255)
_CASING_BGRA = (*reversed(CASING_COLOUR), 255)


def draw_contour(
    screen: NDArray[np.uint8], contour: Contour, probability: NDArray[np.uint8]
) -> None:
    """Draws into ``screen``, (height, width, 4) uint8 B, G, R, 255: ``contour.window`` alone."""
    window = contour.window
    target = screen[window.y : window.y + window.height, window.x : window.x + window.width]
    outlined, deep = _sorted_blocks(contour, probability)
    if contour.tint > 0:
        _tint(target, deep, contour.tint)
    corners = np.argwhere(outlined) * _SIDE
    for first in range(0, len(corners), _TOGETHER):
        _draw_blocks(target, contour, probability, corners[first : first + _TOGETHER])


def disc(radius: int) -> NDArray[np.uint8]:
    """1 in a circle, (2 * radius + 1) squared: what an outline of this radius is drawn with."""
    offsets = np.arange(-radius, radius + 1)
    return np.asarray(np.add.outer(offsets**2, offsets**2) <= radius * radius, np.uint8)


def _sorted_blocks(
    contour: Contour, probability: NDArray[np.uint8]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For each block of the window, in rows and columns: whether an outline may touch it, and
    whether it lies so deep in a region that none does.

    A pixel is inside altogether where its distance to the level is at least half the slope. A slope
    is at most that of the whole range in one step over both axes.
    """
    reach = contour.casing_radius + 1  # the slope looks one pixel further
    window, inside = contour.window, contour.inside
    (scale_x, scale_y), (start_x, start_y) = contour.model_scale, contour.model_start
    rows = _first_pixels(window.height) + window.y - inside.y
    columns = _first_pixels(window.width) + window.x - inside.x
    height, width = probability.shape
    top, row_count = _samples(rows - reach, scale_y, start_y, reach, height)
    left, column_count = _samples(columns - reach, scale_x, start_x, reach, width)
    around = np.ones((row_count, column_count), np.uint8)
    corner = np.ix_(top, left)
    least = cv2.erode(probability, around, anchor=(0, 0))[corner].astype(np.float32)
    most = cv2.dilate(probability, around, anchor=(0, 0))[corner].astype(np.float32)
    half_slope = np.maximum((most - least) / math.sqrt(8), LEAST_SLOPE / 2)
    within = np.logical_and.outer(
        (rows >= reach) & (rows + _SIDE + reach <= inside.height),
        (columns >= reach) & (columns + _SIDE + reach <= inside.width),
    )
    deep = (least - contour.level >= half_slope) & within
    return ~deep & (contour.level - most < half_slope), deep


def _first_pixels(length: int) -> NDArray[np.intp]:
    return np.arange(0, length, _SIDE)


def _samples(
    firsts: NDArray[np.intp], scale: float, start: float, reach: int, length: int
) -> tuple[NDArray[np.intp], int]:
    """Along one axis: the first sample of the model that each block draws from, and how many are
    enough for any of them."""
    count = math.ceil((_SIDE + 2 * reach - 1) * scale) + 2
    return np.clip(np.floor(start + firsts * scale).astype(np.intp), 0, length - 1), count


def _tint(target: NDArray[np.uint8], deep: NDArray[np.bool_], tint: float) -> None:
    """Lays the tint on the blocks that lie deep in a region."""
    colour = np.empty((_SIDE, target.shape[1], 4), np.uint8)
    colour[:] = _LINE_BGRA
    # In each row, where runs of blocks start and end: in turns.
    turns = np.argwhere(np.diff(np.pad(deep.astype(np.int8), ((0, 0), (1, 1))))) * _SIDE
    for (top, left), (_, right) in turns.reshape(-1, 2, 2).tolist():
        run = target[top : top + _SIDE, left:right]
        part = colour[: run.shape[0], : run.shape[1]]
        cv2.addWeighted(run, 1 - tint, part, tint, 0, dst=run)


def _draw_blocks(
    target: NDArray[np.uint8],
    contour: Contour,
    probability: NDArray[np.uint8],
    corners: NDArray[np.intp],
) -> None:
    """Draws the blocks whose upper left pixels in the window are ``corners``, rows and columns."""
    border = contour.casing_radius + 1  # the slope looks one pixel further
    side = _SIDE + 2 * border
    inside = _inside(contour, probability, corners, border)

    def without_border(blocks: MatLike) -> NDArray[np.uint8]:
        """(_SIDE, blocks * _SIDE)"""
        rows = np.asarray(blocks, np.uint8)[border:-border].reshape(_SIDE, len(corners), side)
        return rows[:, :, border:-border].reshape(_SIDE, -1)

    line_cover, casing_cover = (
        _outline(
            without_border(cv2.dilate(inside, disc(radius))),
            without_border(cv2.erode(inside, disc(radius))),
        )
        for radius in (contour.line_radius, contour.casing_radius)
    )
    casing_cover *= 1 - line_cover
    bright = line_cover
    if contour.tint > 0:
        share = without_border(inside) * np.float32(contour.tint / 255)
        bright = line_cover + share * (1 - line_cover - casing_cover)
    places = [
        target[row : row + _SIDE, column : column + _SIDE] for row, column in corners.tolist()
    ]
    blocks = np.empty((_SIDE, len(corners), _SIDE, 4), np.uint8)
    for number, place in enumerate(places):  # smaller at the window's edges
        blocks[: place.shape[0], number, : place.shape[1]] = place
    blended = _blended(blocks.reshape(_SIDE, -1, 4), bright, casing_cover).reshape(blocks.shape)
    for number, place in enumerate(places):
        place[:] = blended[: place.shape[0], number, : place.shape[1]]


def _inside(
    contour: Contour, probability: NDArray[np.uint8], corners: NDArray[np.intp], border: int
) -> NDArray[np.uint8]:
    """Which share, 255 = all, of each pixel lies inside a region: blocks with ``border`` more
    pixels on each side, side by side. The outermost of them hold nothing.

    The level's distance is that of a straight edge: the difference to it, over the slope.
    """
    (scale_x, scale_y), (start_x, start_y) = contour.model_scale, contour.model_start
    window, inside = contour.window, contour.inside
    offsets = np.arange(-border, _SIDE + border)
    shape = (len(offsets), len(corners), len(offsets))
    rows = (corners[:, 0] + window.y - inside.y + offsets[:, np.newaxis])[:, :, np.newaxis]
    columns = corners[:, 1:] + window.x - inside.x + offsets
    maps = np.empty((2, *shape), np.float32)
    maps[0] = columns * scale_x + start_x
    maps[1] = rows * scale_y + start_y
    model_columns, model_rows = maps.reshape(2, len(offsets), -1)
    levels = cv2.remap(
        probability.astype(np.float32),
        model_columns,
        model_rows,
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    across = cv2.subtract(levels[1:-1, 2:], levels[1:-1, :-2])
    down = cv2.subtract(levels[2:, 1:-1], levels[:-2, 1:-1])
    slope = np.maximum(cv2.magnitude(across, down), 2 * LEAST_SLOPE)  # over two pixels
    share = np.zeros(levels.shape, np.float32)
    np.divide(levels[1:-1, 1:-1] - np.float32(contour.level), slope, out=share[1:-1, 1:-1])
    share *= 2
    share += np.float32(0.5)
    np.maximum(share, 0, out=share)
    rows_within = (rows >= 0) & (rows < inside.height)
    columns_within = (columns >= 0) & (columns < inside.width)
    share.reshape(shape)[...] *= rows_within & columns_within
    return _rounded(share, 255)


def _outline(reached: NDArray[np.uint8], deep: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Coverage, in [0, 1], of the line between where its disc reaches and where it fits inside.

    Both are 255 = all of the pixel.
    """
    cover = reached * np.subtract(255, deep, dtype=np.float32) * np.float32(1 / (255 * 255))
    return np.asarray(cover, np.float32)


def _blended(
    pixels: NDArray[np.uint8], bright: NDArray[np.float32], dark: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """``pixels`` under the line's and the casing's colour, in these shares of each pixel."""
    laid_on = [
        bright * line + dark * casing for line, casing in zip(_LINE_BGRA, _CASING_BGRA, strict=True)
    ]
    blended = pixels * cv2.merge([1 - bright - dark] * 4)
    blended += cv2.merge(laid_on)
    return _rounded(blended, 1)


def _rounded(values: NDArray[np.float32], scale: float) -> NDArray[np.uint8]:
    """``scale`` times ``values``, which are not below 0; at most 255."""
    return np.asarray(cv2.convertScaleAbs(values, alpha=scale), np.uint8)
