"""What the two processes say to each other for each picture: fixed structures, without memory.

A message is its kind, one byte, and a body. What the segmenter's process says is not trusted: what
no working process would say raises ``GarbageError``.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Self

from models.geometry import Area
from models.picture import ColourMatrix, Picture, PixelFormat

LARGEST_BYTES = 1 << 16
"""Of a message."""
_FORMATS = tuple(PixelFormat)
_MATRICES = tuple(ColourMatrix)


class GarbageError(Exception):
    """A message says what no working process would; the text names it."""


class Kind(IntEnum):
    """The first byte of a message."""

    END = 0
    """To the segmenter's process: leave the segmenter and end. The body is empty."""
    MEMORY = 1
    """To it: pictures lie in the memory whose descriptor comes along. The body is empty."""
    PICTURE = 2
    READY = 3
    ANSWER = 4
    FAILURE = 5
    LOG = 6


@dataclass(frozen=True, slots=True)
class PictureMessage:
    """Segment the picture that lies in shared memory."""

    number: int
    """Counts the pictures given to one process, from 0; says where in memory this one lies."""
    frame_index: int
    pixel_format: PixelFormat
    matrix: ColourMatrix
    full_range: bool
    shape: tuple[int, ...]
    """Of ``Picture.pixels``: two or three sides."""

    _LAYOUT: ClassVar[struct.Struct] = struct.Struct("<BBB?QqIII")

    @classmethod
    def of(cls, picture: Picture, number: int, frame_index: int) -> Self:
        return cls(
            number,
            frame_index,
            picture.pixel_format,
            picture.matrix,
            picture.full_range,
            picture.pixels.shape,
        )

    def to_bytes(self) -> bytes:
        return self._LAYOUT.pack(
            Kind.PICTURE,
            _FORMATS.index(self.pixel_format),
            _MATRICES.index(self.matrix),
            self.full_range,
            self.number,
            self.frame_index,
            *(*self.shape, 0)[:3],
        )

    @classmethod
    def from_bytes(cls, message: bytes) -> Self:
        _, pixel_format, matrix, full_range, number, frame_index, *sides = cls._LAYOUT.unpack(
            message
        )
        return cls(
            number,
            frame_index,
            _FORMATS[pixel_format],
            _MATRICES[matrix],
            full_range,
            tuple(side for side in sides if side),
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """The probability of picture ``number`` lies in shared memory."""

    number: int
    frame_index: int
    preprocess_ns: int
    infer_ns: int
    checksum: int
    """CRC-32 of the probability's bytes."""
    network_area: Area
    picture_area: Area | None

    _LAYOUT: ClassVar[struct.Struct] = struct.Struct("<BQqQQIIIII?IIII")

    def to_bytes(self) -> bytes:
        return self._LAYOUT.pack(
            Kind.ANSWER,
            self.number,
            self.frame_index,
            self.preprocess_ns,
            self.infer_ns,
            self.checksum,
            *_sides(self.network_area),
            self.picture_area is not None,
            *_sides(self.picture_area or self.network_area),
        )

    @classmethod
    def from_bytes(cls, message: bytes) -> Self:
        """Raises GarbageError."""
        try:
            _, number, frame_index, preprocess_ns, infer_ns, checksum, *sides = cls._LAYOUT.unpack(
                message
            )
        except struct.error as error:
            raise GarbageError(f"an answer of {len(message)} bytes") from error
        network_area, has_picture_area, picture_area = sides[:4], sides[4], sides[5:]
        return cls(
            number,
            frame_index,
            preprocess_ns,
            infer_ns,
            checksum,
            Area(*network_area),
            Area(*picture_area) if has_picture_area else None,
        )


def _sides(area: Area) -> tuple[int, int, int, int]:
    return area.x, area.y, area.width, area.height
