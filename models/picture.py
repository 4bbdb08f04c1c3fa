"""A picture as captured or decoded: RGB, or YUV in the layout it came in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import cv2
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


_LUMA_COEFFICIENTS = {
    ColourMatrix.BT601: (0.299, 0.114),
    ColourMatrix.BT709: (0.2126, 0.0722),
}
"""Kr and Kb."""


def rgb_from_yuv(matrix: ColourMatrix, full_range: bool) -> NDArray[np.float64]:
    """The (3, 4) matrix that takes (Y, U, V, 1), in [0, 255], to (R, G, B), in [0, 255] and beyond.

    ITU-R BT.601-7 and BT.709-6, section 3 of each, solved for R, G and B.
    """
    kr, kb = _LUMA_COEFFICIENTS[matrix]
    kg = 1 - kr - kb
    luma = 1.0 if full_range else 255 / 219
    chroma = 1.0 if full_range else 255 / 224
    black = 0.0 if full_range else 16.0
    weights = np.array(
        [
            [luma, 0.0, chroma * 2 * (1 - kr)],
            [luma, -chroma * 2 * (1 - kb) * kb / kg, -chroma * 2 * (1 - kr) * kr / kg],
            [luma, chroma * 2 * (1 - kb), 0.0],
        ]
    )
    return np.column_stack((weights, -weights @ (black, 128.0, 128.0)))


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

    def __post_init__(self) -> None:
        """Raises ValueError where ``pixels`` is not what ``pixel_format`` says."""
        pixels = self.pixels
        if pixels.dtype != np.uint8 or not pixels.flags.c_contiguous:
            raise ValueError(f"pixels must be C-contiguous uint8, not {pixels.dtype}")
        if self.pixel_format is PixelFormat.RGB24:
            fits = pixels.ndim == 3 and pixels.shape[2] == 3
        else:
            fits = pixels.ndim == 2 and pixels.shape[0] % 3 == 0 and pixels.shape[1] % 2 == 0
        if not fits or pixels.size == 0:
            raise ValueError(f"pixels of shape {pixels.shape} are no {self.pixel_format.value}")

    @property
    def height(self) -> int:
        rows = int(self.pixels.shape[0])
        return rows if self.pixel_format is PixelFormat.RGB24 else rows * 2 // 3

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    def luma_plane(self) -> NDArray[np.uint8]:
        """(H, W) uint8, a view of Y. For YUV formats alone."""
        return self.pixels[: self.height]

    def chroma_planes(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """U and V, (H / 2, W / 2) uint8 each, views. For YUV formats alone."""
        height, width = self.height, self.width
        if self.pixel_format is PixelFormat.NV12:
            interleaved = self.pixels[height:].reshape(height // 2, width // 2, 2)
            return interleaved[..., 0], interleaved[..., 1]
        planar = self.pixels.reshape(-1)[height * width :].reshape(2, height // 2, width // 2)
        return planar[0], planar[1]

    def to_rgb(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB. For RGB24 these are the picture's own pixels: do not write to them.

        Chroma is interpolated bilinearly, each sample in the centre of its four pixels.
        """
        if self.pixel_format is PixelFormat.RGB24:
            return self.pixels
        size = (self.width, self.height)
        chroma = [
            cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_LINEAR)
            for plane in self.chroma_planes()
        ]
        planes = cv2.merge([self.luma_plane(), *chroma])
        conversion = rgb_from_yuv(self.matrix, self.full_range)
        return np.asarray(cv2.transform(planes, conversion), np.uint8)
