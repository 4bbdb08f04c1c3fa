"""Draws what was found on a picture, in the picture's own format; touches no pixel beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum

import cv2
import numpy as np
from cv2.typing import MatLike
from numpy.typing import NDArray

from app.colour import Colour, in_own_components
from models.picture import Picture
from models.regions import Findings, Region

BLOCK = 2
"""Markers are made of blocks of 2 x 2 pixels, the size of the largest chroma sample, that of 4:2:0:
no changed pixel shares its chroma with an untouched one."""

LINE_COLOUR: Colour = (96, 255, 208)
"""Bright blue-green, the complement of mucosa's red and lighter than most of it."""
CASING_COLOUR: Colour = (0, 0, 0)
"""On both sides of the line: it stands out on specular light too, and without colour vision."""
TINT_OPACITY = 0.25

_ROWS_PER_LINE_BLOCK = 540
"""A line is one block wide for each of these rows of the picture: 4 pixels at 1080 rows."""


class Marker(Enum):
    """How a region is marked."""

    CONTOUR = "contour"
    BOX = "box"
    FILL = "fill"
    """The contour, and a tint inside it."""


@dataclass(frozen=True, slots=True, eq=False)
class _Strokes:
    """Which blocks a marker covers. Where several cover one, the last named is seen."""

    tint_window: tuple[slice, slice]
    """Rows and columns of blocks on which ``tint`` lies."""
    tint: NDArray[np.uint8]
    """1 where tinted, else 0."""
    casing: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Row and column of each block, (N,) each."""
    line: tuple[NDArray[np.int64], NDArray[np.int64]]
    """Row and column of each block, (N,) each."""


def draw(picture: Picture, findings: Findings, marker: Marker) -> Picture:
    """``picture`` with every region of ``findings`` marked, as a new picture of the same format.

    Every pixel outside ``marker_pixels`` is bit for bit that of ``picture``; with no region the
    result is ``picture`` itself. Lines grow with the picture's height.
    """
    if not findings.regions:
        return picture
    strokes = _strokes(picture.height, picture.width, findings, marker)
    marked = replace(picture, pixels=picture.pixels.copy())
    line = in_own_components(picture, LINE_COLOUR)
    casing = in_own_components(picture, CASING_COLOUR)
    for plane, line_value, casing_value in zip(marked.planes(), line, casing, strict=True):
        block = (
            BLOCK * plane.shape[0] // picture.height,
            BLOCK * plane.shape[1] // picture.width,
        )
        if marker is Marker.FILL:
            window, mask = _tinted_window(plane, strokes, block)
            tinted = cv2.convertScaleAbs(
                window, alpha=1 - TINT_OPACITY, beta=line_value * TINT_OPACITY
            )
            np.copyto(window, tinted, where=mask)
        _paint(plane, strokes.casing, block, casing_value)
        _paint(plane, strokes.line, block, line_value)
    return marked


def marker_pixels(height: int, width: int, findings: Findings, marker: Marker) -> NDArray[np.bool_]:
    """The pixels of a picture of this size that ``draw`` may change: (height, width) bool."""
    covered = np.zeros((height, width), np.uint8)
    if findings.regions:
        strokes = _strokes(height, width, findings, marker)
        block = (BLOCK, BLOCK)
        if marker is Marker.FILL:
            window, mask = _tinted_window(covered, strokes, block)
            window[mask] = 1
        _paint(covered, strokes.casing, block, 1)
        _paint(covered, strokes.line, block, 1)
    return covered.astype(np.bool_)


def _paint(
    plane: NDArray[np.uint8],
    blocks: tuple[NDArray[np.int64], NDArray[np.int64]],
    block: tuple[int, int],
    value: int,
) -> None:
    """Sets all samples of ``blocks``, each of ``block`` rows and columns of ``plane``."""
    rows, columns = blocks
    for row in range(block[0]):
        for column in range(block[1]):
            # The last block of an odd side is cut off.
            plane[
                np.minimum(rows * block[0] + row, plane.shape[0] - 1),
                np.minimum(columns * block[1] + column, plane.shape[1] - 1),
            ] = value


def _tinted_window(
    plane: NDArray[np.uint8], strokes: _Strokes, block: tuple[int, int]
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The part of ``plane`` that holds the tint, a view, and which of its samples are tinted."""
    rows, columns = strokes.tint_window
    window = plane[
        rows.start * block[0] : rows.stop * block[0],
        columns.start * block[1] : columns.stop * block[1],
    ]
    mask = strokes.tint.repeat(block[0], axis=0).repeat(block[1], axis=1)
    return window, mask[: window.shape[0], : window.shape[1]].view(np.bool_)


def _strokes(height: int, width: int, findings: Findings, marker: Marker) -> _Strokes:
    line_width = max(1, round(height / _ROWS_PER_LINE_BLOCK))
    casing_width = line_width + 2 * max(1, line_width // 2)
    boxes = np.array([_in_blocks(region) for region in findings.regions])
    left, top = np.maximum(boxes[:, :2].min(axis=0) - casing_width, 0).tolist()
    grid = (-(-width // BLOCK), -(-height // BLOCK))
    right, bottom = np.minimum(boxes[:, 2:].max(axis=0) + 1 + casing_width, grid).tolist()

    inside = _blocks_with_any(
        findings.mask[top * BLOCK : bottom * BLOCK, left * BLOCK : right * BLOCK]
    )
    outlines: Sequence[MatLike]
    if marker is Marker.BOX:
        corners = boxes[:, (0, 1, 2, 1, 2, 3, 0, 3)].reshape(-1, 4, 2) - (left, top)
        outlines = list(corners.astype(np.int32))
    else:
        outlines, _ = cv2.findContours(inside, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    thin = np.zeros_like(inside)
    cv2.drawContours(thin, outlines, -1, 1)

    def widened(width: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        wide = cv2.dilate(thin, np.ones((width, width), np.uint8))
        rows, columns = np.divmod(np.flatnonzero(wide), thin.shape[1])
        return rows + top, columns + left

    return _Strokes(
        np.s_[top:bottom, left:right], inside, widened(casing_width), widened(line_width)
    )


def _in_blocks(region: Region) -> tuple[int, int, int, int]:
    """First column, first row, last column, last row."""
    last_x = region.x + region.width - 1
    last_y = region.y + region.height - 1
    return region.x // BLOCK, region.y // BLOCK, last_x // BLOCK, last_y // BLOCK


def _blocks_with_any(mask: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """1 for every block of ``mask``, 0 or 255, with a marked pixel: the smallest region shows."""
    rows, columns = mask.shape
    whole = np.pad(mask, ((0, rows % BLOCK), (0, columns % BLOCK)))
    size = (whole.shape[1] // BLOCK, whole.shape[0] // BLOCK)
    mean = cv2.resize(whole, size, interpolation=cv2.INTER_AREA)
    return (mean > 0).view(np.uint8)
