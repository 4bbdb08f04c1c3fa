"""The three planes of a picture and colours in its terms: one code paints in every pixel format."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from models.picture import Picture, PixelFormat, rgb_from_yuv

Colour: TypeAlias = tuple[int, int, int]
"""R, G, B in [0, 255]."""


def planes(picture: Picture) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """R, G, B of (H, W) each, or Y of (H, W) and U, V of (H / 2, W / 2): views on the pixels."""
    if picture.pixel_format is PixelFormat.RGB24:
        red, green, blue = np.moveaxis(picture.pixels, 2, 0)
        return red, green, blue
    return picture.luma_plane(), *picture.chroma_planes()


def in_own_components(picture: Picture, colour: Colour) -> Colour:
    """The values that show ``colour`` on the three ``planes`` of ``picture``, in [0, 255]."""
    if picture.pixel_format is PixelFormat.RGB24:
        return colour
    to_rgb = rgb_from_yuv(picture.matrix, picture.full_range)
    values = np.linalg.solve(to_rgb[:, :3], colour - to_rgb[:, 3])
    first, second, third = np.clip(np.rint(values), 0, 255).astype(int).tolist()
    return first, second, third
