"""Tells a picture that stands still from one in which at least the noise moves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.picture import Picture

STILL_AFTER_S = 0.4
"""A camera's noise changes every frame; a processor repeats one two or three times at most."""
STILL_FRAMES = 5
"""As many equal frames it takes at least, however slowly they come."""

_ROW_STEP = 16
"""One row in so many is compared, others in each frame: after as many frames, every byte was."""


class Stillness:
    """Compares each picture of one source with the one before. Belongs to one thread.

    An even picture, such as black, says nothing: there is no noise in it that could move.
    """

    def __init__(self) -> None:
        self._before: Picture | None = None
        self._since_ns = 0
        self._equal = 0
        self._pictures = 0

    def observe(self, picture: Picture, now_ns: int) -> bool:
        """Whether the picture has stood still for ``STILL_AFTER_S`` by now."""
        before, self._before = self._before, picture
        self._pictures += 1
        if before is None or not self._equals(before, picture) or _is_even(picture):
            self._since_ns = now_ns
            self._equal = 0
            return False
        self._equal += 1
        return self._equal >= STILL_FRAMES and now_ns - self._since_ns >= STILL_AFTER_S * 1e9

    def _equals(self, before: Picture, picture: Picture) -> bool:
        if before.pixel_format is not picture.pixel_format:
            return False
        first_row = self._pictures % _ROW_STEP
        return np.array_equal(
            before.pixels[first_row::_ROW_STEP], picture.pixels[first_row::_ROW_STEP]
        )


def _is_even(picture: Picture) -> bool:
    first_plane: NDArray[np.uint8] = picture.planes()[0]
    rows = first_plane[::_ROW_STEP]
    return bool((rows == rows[0, 0]).all())
