"""Pictures that fill the frame and carry a number, and what is read of them in a recording."""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from app.sources.frame_stamp import read_stamp, stamp
from app.sources.test_picture import TestPicture
from models.picture import Picture, PixelFormat
from tests.app.command import decoded, times
from tests.models.pictures import Form, as_picture

_LIT = 90
"""A surround of this brightness is no border: the picture fills the frame."""


class LitPicture(TestPicture):
    """The test picture, numbers and all, of an endoscope whose picture fills the frame."""

    def __init__(self, size: tuple[int, int], rate: Fraction) -> None:
        super().__init__(size, rate)

    def _picture(self, number: int) -> Picture:
        pixels = super()._picture(number).pixels.copy()
        luma = pixels[: pixels.shape[0] * 2 // 3]
        np.maximum(luma, _LIT, out=luma)
        stamp(luma, number)
        return Picture(pixels, PixelFormat.NV12)


def numbered(number: int, form: Form, size: tuple[int, int] = (320, 240)) -> Picture:
    """A lit picture of ``size``, width and height, that carries ``number``."""
    width, height = size
    luma = np.full((height, width), _LIT, np.uint8)
    stamp(luma, number)
    return as_picture(np.dstack([luma] * 3), *form)


def videos(folder: Path) -> list[Path]:
    """Of one recording in ``folder``, in the order of its parts."""
    return sorted(folder.glob("*.mp4"), key=lambda path: (len(path.name), path.name))


def numbers_and_times(video: Path) -> tuple[list[int | None], list[Fraction]]:
    """The number drawn into each frame of ``video``, and the frame's time in seconds."""
    frames = decoded(video)
    return [read_stamp(_picture(frame)) for frame in frames], times(frames)


def table_of(video: Path) -> list[dict[str, str]]:
    """The rows of the table beside ``video``."""
    with video.with_suffix(".csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def luma_of(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """(height, width) uint8."""
    return _picture(frame).luma_plane()


def _picture(frame: av.VideoFrame) -> Picture:
    # Not asked for a format: that would convert full range to limited.
    pixels = frame.to_ndarray(format="yuv420p").astype(np.uint8)
    return Picture(np.ascontiguousarray(pixels), PixelFormat.YUV420P)
