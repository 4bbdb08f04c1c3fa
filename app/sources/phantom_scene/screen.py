"""The endoscope processor's screen: an eight-cornered picture on black, and text beside it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Area

ASPECT = 1.16
"""Width over height of the picture."""
CORNER = 0.17
"""How much of the picture's height each corner cuts off."""
INTERNAL_HEIGHT = 420
"""Rows that are rendered; a taller picture is enlarged from them."""
INK = (205, 205, 205)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things lie on a screen of ``width`` x ``height``."""

    width: int
    height: int
    area: Area
    internal_width: int
    internal_height: int


def lay_out(width: int, height: int) -> Layout:
    """The picture stands to the right, the text has at least a fifth of the width beside it."""
    picture_height = min(round(0.955 * height), round(0.76 * width / ASPECT))
    picture_width = round(picture_height * ASPECT)
    margin = round(0.02 * width)
    area = Area(
        x=width - margin - picture_width,
        y=(height - picture_height) // 2,
        width=picture_width,
        height=picture_height,
    )
    internal = min(picture_height, INTERNAL_HEIGHT)
    return Layout(width, height, area, round(internal * ASPECT), internal)


def _octagon(width: int, height: int) -> NDArray[np.uint8]:
    """(height, width) uint8, 255 inside, with smooth edges."""
    cut = CORNER * height
    right, bottom = width - 1.0, height - 1.0
    corners = np.array(
        [
            (cut, 0), (right - cut, 0), (right, cut), (right, bottom - cut),
            (right - cut, bottom), (cut, bottom), (0, bottom - cut), (0, cut),
        ]
    )  # fmt: skip
    stencil = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(stencil, np.round(16.0 * corners).astype(np.int32), 255, cv2.LINE_AA, 4)
    return stencil


class Screen:
    """Puts pictures and text on black. ``seed`` is shown, so that a recording can be made again."""

    def __init__(self, layout: Layout, seed: int) -> None:
        self.layout = layout
        area = layout.area
        self._stencil = _octagon(area.width, area.height)
        self._stencil_rgb = cv2.merge([self._stencil] * 3)
        self._inside = self._stencil > 127
        self._size = layout.height / 1080.0
        self._blank = np.zeros((layout.height, layout.width, 3), np.uint8)
        for row, line in enumerate(("PHANTOM", "TEST PATTERN", "", "NAME ----", "ID   ----")):
            self._write(self._blank, line, 2 + row)
        self._write(self._blank, f"SEED {seed}", 8)

    def _write(self, image: NDArray[np.uint8], line: str, row: int) -> None:
        scale = 0.8 * self._size * min(1.0, self.layout.area.x / (360.0 * self._size))
        at = (round(0.02 * self.layout.width), round((60.0 + 42.0 * row) * self._size))
        thick = max(round(1.6 * self._size), 1)
        cv2.putText(image, line, at, cv2.FONT_HERSHEY_SIMPLEX, scale, INK, thick, cv2.LINE_AA)

    def compose(self, picture: NDArray[np.uint8], index: int, time_s: float) -> NDArray[np.uint8]:
        """The whole screen, (height, width, 3) uint8 RGB, from a picture of the internal size."""
        area = self.layout.area
        size = (area.width, area.height)
        large = cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)
        screen = self._blank.copy()
        rows, columns = self._place
        screen[rows, columns] = cv2.multiply(large, self._stencil_rgb, scale=1.0 / 255.0)
        minutes, seconds = divmod(time_s, 60.0)
        self._write(screen, f"{int(minutes):02d}:{seconds:05.2f}", 10)
        self._write(screen, f"{index:07d}", 11)
        return screen

    def compose_mask(self, polyp: NDArray[np.float32]) -> NDArray[np.bool_]:
        """The polyp's pixels on the screen, (height, width), from its share of internal pixels."""
        area = self.layout.area
        large = cv2.resize(polyp, (area.width, area.height), interpolation=cv2.INTER_LINEAR)
        mask = np.zeros((self.layout.height, self.layout.width), np.bool_)
        mask[self._place] = (large > 0.5) & self._inside
        return mask

    @property
    def _place(self) -> tuple[slice, slice]:
        area = self.layout.area
        return slice(area.y, area.y + area.height), slice(area.x, area.x + area.width)
