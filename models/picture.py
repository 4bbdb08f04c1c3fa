"""A picture as captured or decoded: RGB, or YUV in the layout it came in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Area

Planes: TypeAlias = tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]


class PixelFormat(Enum):
    """How ``Picture.pixels`` is laid out; the values are FFmpeg's names."""

    RGB24 = "rgb24"
    """(H, W, 3) uint8, R G B."""
    BGR24 = "bgr24"
    """(H, W, 3) uint8, B G R."""
    YUV420P = "yuv420p"
    """(H * 3 / 2, W) uint8: H rows of Y, then U and V, each (H / 2, W / 2), packed one after the
    other in rows of W bytes. H and W are even."""
    NV12 = "nv12"
    """(H * 3 / 2, W) uint8: H rows of Y, then H / 2 rows of interleaved U V. H and W are even."""
    YUYV422 = "yuyv422"
    """(H, W, 2) uint8: Y and U in even columns, Y and V in odd ones. W is even."""
    UYVY422 = "uyvy422"
    """(H, W, 2) uint8: U and Y in even columns, V and Y in odd ones. W is even."""

    @property
    def is_yuv(self) -> bool:
        return self in _CHROMA_STEPS

    @property
    def chroma_step(self) -> tuple[int, int]:
        """How many rows and columns of pixels share one sample of U and V; (1, 1) for RGB."""
        return _CHROMA_STEPS.get(self, (1, 1))

    @property
    def luma_channel(self) -> int:
        """Which channel of the first of ``Picture.stored_planes`` is Y. For YUV formats alone."""
        return 1 if self is PixelFormat.UYVY422 else 0

    def shape(self, height: int, width: int) -> tuple[int, ...]:
        """Of the ``pixels`` of a picture of this size; of whole ``chroma_step`` alone."""
        if self in _CHANNELS:
            return height, width, _CHANNELS[self]
        return height * 3 // 2, width

    def line_bytes(self, width: int) -> int:
        """Of a line of the first of ``Picture.stored_planes``, without padding."""
        return width * _CHANNELS.get(self, 1)


_CHROMA_STEPS = {
    PixelFormat.YUV420P: (2, 2),
    PixelFormat.NV12: (2, 2),
    PixelFormat.YUYV422: (1, 2),
    PixelFormat.UYVY422: (1, 2),
}
_CHANNELS = {
    PixelFormat.RGB24: 3,
    PixelFormat.BGR24: 3,
    PixelFormat.YUYV422: 2,
    PixelFormat.UYVY422: 2,
}
"""Bytes of each pixel, where they lie together."""
_PACKED_422 = (PixelFormat.YUYV422, PixelFormat.UYVY422)


_HD_HEIGHT = 720


class ColourMatrix(Enum):
    """Which luma coefficients a YUV picture was made with; the values are FFmpeg's names."""

    BT601 = "bt601"
    """ITU-R BT.601: Kr 0.299, Kb 0.114."""
    BT709 = "bt709"
    """ITU-R BT.709: Kr 0.2126, Kb 0.0722."""

    @classmethod
    def untagged(cls, height: int) -> ColourMatrix:
        """Of video that does not say: BT.709 from 720 rows on, BT.601 below."""
        return cls.BT709 if height >= _HD_HEIGHT else cls.BT601


_LUMA_COEFFICIENTS = {
    ColourMatrix.BT601: (0.299, 0.114),
    ColourMatrix.BT709: (0.2126, 0.0722),
}
"""Kr and Kb."""


def rgb_from_yuv(matrix: ColourMatrix, full_range: bool) -> NDArray[np.float64]:
    """The (3, 4) matrix that takes (Y, U, V, 1), in [0, 255], to (R, G, B), in [0, 255] and beyond.

    ITU-R BT.601-7, section 2.5, and BT.709-6, section 3, solved for R, G and B.
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

    ``matrix`` and ``full_range`` say how YUV turns into RGB; for RGB they are without meaning.
    Limited range is Y in [16, 235], U and V in [16, 240].

    Its three planes are R, G and B, or Y, U and V, in this order whatever the order in memory. Y
    has a sample for each pixel, U and V one for each ``chroma_step`` of them, in their centre.
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
        rows, columns = self.pixel_format.chroma_step
        fits = (
            pixels.ndim >= 2
            and pixels.size > 0
            and self.height % rows == 0
            and self.width % columns == 0
            and pixels.shape == self.pixel_format.shape(self.height, self.width)
        )
        if not fits:
            raise ValueError(f"pixels of shape {pixels.shape} are no {self.pixel_format.value}")

    @property
    def height(self) -> int:
        rows = int(self.pixels.shape[0])
        return rows if self.pixel_format in _CHANNELS else rows * 2 // 3

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def whole(self) -> Area:
        """All of it."""
        return Area(0, 0, self.width, self.height)

    def chroma_area(self, area: Area) -> Area:
        """Where ``area``, in pixels, lies on U and V; on G and B, it lies where it does on R."""
        rows, columns = self.pixel_format.chroma_step
        return Area(area.x // columns, area.y // rows, area.width // columns, area.height // rows)

    def planes(self) -> Planes:
        """The three planes, (rows, columns) each: views, whose samples may lie apart in memory."""
        if self.pixel_format.is_yuv:
            return self.luma_plane(), *self.chroma_planes()
        first, second, third = np.moveaxis(self.pixels, 2, 0)
        if self.pixel_format is PixelFormat.BGR24:
            return third, second, first
        return first, second, third

    def luma_plane(self) -> NDArray[np.uint8]:
        """(H, W) uint8, a view of Y. For YUV formats alone."""
        return self.stored_planes()[0][..., self.pixel_format.luma_channel]

    def chroma_planes(self) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """U and V, views of one sample for each ``chroma_step``. For YUV formats alone."""
        if self.pixel_format in _PACKED_422:
            beside_luma = self.pixels[..., 1 - self.pixel_format.luma_channel]
            return beside_luma[:, ::2], beside_luma[:, 1::2]
        _, *chroma = self.stored_planes()
        blue_difference, red_difference = (
            plane[..., channel] for plane in chroma for channel in range(plane.shape[2])
        )
        return blue_difference, red_difference

    def stored_planes(self) -> tuple[NDArray[np.uint8], ...]:
        """The pixels as they lie in memory: C-contiguous views, (rows, columns, channels) each.

        One, of 3 or 2 channels, where all bytes of a pixel lie together; Y and interleaved U V for
        NV12; Y, U and V for YUV420P.
        """
        if self.pixel_format in _CHANNELS:
            return (self.pixels,)
        height, width = self.height, self.width
        luma, chroma = np.split(self.pixels.reshape(-1), [height * width])
        half = (height // 2, width // 2)
        if self.pixel_format is PixelFormat.NV12:
            return luma.reshape(height, width, 1), chroma.reshape(*half, 2)
        blue_difference, red_difference = chroma.reshape(2, *half, 1)
        return luma.reshape(height, width, 1), blue_difference, red_difference

    def separated(self, area: Area) -> Planes:
        """The part ``area`` of the three planes, each with the samples of a row side by side.

        Copied are only samples that lie between others in memory.

        Args:
            area: inside the picture, and of whole ``chroma_step``.
        """
        luma, *chroma = self.stored_planes()
        parts = [_cut(luma, area), *(_cut(plane, self.chroma_area(area)) for plane in chroma)]
        channels = [channel for part in parts for channel in _split(part)]
        if self.pixel_format in _PACKED_422:
            luma_channel = self.pixel_format.luma_channel
            interleaved = channels[1 - luma_channel].reshape(area.height, -1, 2)
            channels = [channels[luma_channel], *_split(interleaved)]
        elif self.pixel_format is PixelFormat.BGR24:
            channels.reverse()
        first, second, third = channels
        return first, second, third

    def to_rgb(self) -> NDArray[np.uint8]:
        """(H, W, 3) uint8 RGB. For RGB24 these are the picture's own pixels: do not write to them.

        Chroma is interpolated bilinearly.
        """
        if self.pixel_format is PixelFormat.RGB24:
            return self.pixels
        if self.pixel_format is PixelFormat.BGR24:
            return np.asarray(cv2.cvtColor(self.pixels, cv2.COLOR_BGR2RGB), np.uint8)
        luma, *chroma = self.separated(self.whole)
        size = (self.width, self.height)
        full_size = [cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR) for plane in chroma]
        conversion = rgb_from_yuv(self.matrix, self.full_range)
        return np.asarray(cv2.transform(cv2.merge([luma, *full_size]), conversion), np.uint8)


def _cut(plane: NDArray[np.uint8], area: Area) -> NDArray[np.uint8]:
    return plane[area.y : area.y + area.height, area.x : area.x + area.width]


def _split(plane: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    """(rows, columns, channels) to its channels: a view where there is but one."""
    if plane.shape[2] == 1:
        return [plane[..., 0]]
    return [np.asarray(channel, np.uint8) for channel in cv2.split(plane)]
