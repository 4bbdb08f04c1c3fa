"""Colours, and the values that show them on the planes of a picture of any format."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from models.picture import Picture, rgb_from_yuv

Colour: TypeAlias = tuple[int, int, int]
"""R, G, B in [0, 255]."""


def in_own_components(picture: Picture, colour: Colour) -> Colour:
    """The values that show ``colour`` on the three planes of ``picture``, in [0, 255]."""
    if not picture.pixel_format.is_yuv:
        return colour
    to_rgb = rgb_from_yuv(picture.matrix, picture.full_range)
    values = np.linalg.solve(to_rgb[:, :3], colour - to_rgb[:, 3])
    first, second, third = np.clip(np.rint(values), 0, 255).astype(int).tolist()
    return first, second, third
