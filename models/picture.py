"""A picture as captured or decoded: RGB, or YUV in the layout it came in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import NDArray


class PixelFormat(Enum):
    """How ``Picture.pixels`` is laid out; the values are FFmpeg's names."""

    RGB24 = "rgb24"
    """(H, W, 3) uint8, R G B."""
    YUV420P = "yuv420p"
    """(H * 3 / 2, W) uint8: H rows of Y, then U and V, each (H / 2, W / 2), packed one after the
    other in rows of W bytes. H and W are even."""
    NV12 = "nv12"
    """(H * 3 / 2, W) uint8: H rows of Y, then H / 2 rows of interleaved U V. H and W are even."""


class ColourMatrix(Enum):
    """Which luma coefficients a YUV picture was made with; the values are FFmpeg's names."""

    BT601 = "bt601"
    """ITU-R BT.601: Kr 0.299, Kb 0.114."""
    BT709 = "bt709"
    """ITU-R BT.709: Kr 0.2126, Kb 0.0722."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One picture. ``pixels`` is C-contiguous uint8 and is never written to after construction.

    ``matrix`` and ``full_range`` say how YUV turns into RGB; for RGB24 they are without meaning.
    Limited range is Y in [16, 235], U and V in [16, 240].
    """

    pixels: NDArray[np.uint8]
    pixel_format: PixelFormat = PixelFormat.RGB24
    matrix: ColourMatrix = ColourMatrix.BT709
    full_range: bool = False

    @property
    def height(self) -> int:
        rows = self.pixels.shape[0]
        return rows if self.pixel_format is PixelFormat.RGB24 else rows * 2 // 3

    @property
    def width(self) -> int:
        return self.pixels.shape[1]
