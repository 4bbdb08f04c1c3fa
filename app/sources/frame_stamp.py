"""A number in the picture itself, which no stage can mix up: black and white blocks."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.picture import Picture

ROWS, COLUMNS = 4, 10
"""Of blocks: 32 bits of the number and 8 of its check, the highest first."""
LARGEST_NUMBER = 2**32 - 1
LEAST_WIDTH, LEAST_HEIGHT = 160, 120
"""Of a picture that can be stamped."""

_BITS = ROWS * COLUMNS
_BLACK, _WHITE = 16, 235
"""Levels that are in range in every format."""
_CHECK_MASK = 0x55
"""Without it a white picture would hold a number."""
_PLACES = 1 << np.arange(_BITS - 1, -1, -1, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the stamp lies: its first row and column, and the side of one block, in pixels."""

    row: int
    column: int
    side: int


def _place(height: int, width: int) -> _Place:
    """Bottom left, beside the phantom's picture and below its text."""
    side = min(width // 60, height // 30) // 2 * 2
    return _Place(round(0.85 * height), round(0.02 * width), side)


def stamp(luma: NDArray[np.uint8], number: int) -> None:
    """Draws ``number``, from 0 to ``LARGEST_NUMBER``, into ``luma``, (H, W) uint8.

    ``read_stamp`` finds it there again: on that size, after lossy coding and in every pixel format.
    """
    place = _place(*luma.shape)
    bits = (_with_check(number) & _PLACES) > 0
    blocks = np.where(bits, np.uint8(_WHITE), np.uint8(_BLACK)).reshape(ROWS, COLUMNS)
    height, width = ROWS * place.side, COLUMNS * place.side
    luma[place.row : place.row + height, place.column : place.column + width] = blocks.repeat(
        place.side, axis=0
    ).repeat(place.side, axis=1)


def read_stamp(picture: Picture) -> int | None:
    """The number that was stamped into ``picture``; None where there is none, or not whole."""
    grey = picture.planes()[0]  # luma, or red: black and white are the same in both
    place = _place(*grey.shape)
    if place.side < 2:
        return None
    height, width = ROWS * place.side, COLUMNS * place.side
    stamped = grey[place.row : place.row + height, place.column : place.column + width]
    blocks = stamped.reshape(ROWS, place.side, COLUMNS, place.side)
    margin = place.side // 4  # edges are soft after coding
    inner = blocks[:, margin : place.side - margin, :, margin : place.side - margin]
    bits = inner.mean(axis=(1, 3)).ravel() > (_BLACK + _WHITE) / 2
    code = int(bits @ _PLACES)
    number = code >> 8
    return number if _with_check(number) == code else None


def _with_check(number: int) -> int:
    check = (zlib.crc32(number.to_bytes(4, "big")) & 0xFF) ^ _CHECK_MASK
    return number << 8 | check
