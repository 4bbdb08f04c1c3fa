"""The network's input, made from a picture the way training makes it.

Training stretches RGB images with Pillow's ``BILINEAR``, a triangle filter that widens with the
reduction. FFmpeg's bilinear scaler is the same filter. Here it runs on each plane by itself and
keeps sixteen bits, so that the colour conversion that follows, on the small picture and exact, is
the only place where values are rounded. Filter and conversion are both linear; they may change
places.
"""

from __future__ import annotations

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from models.geometry import Area
from models.picture import Picture, PixelFormat, rgb_from_yuv
from models.spec import ModelSpec

_FILTER = Interpolation.BILINEAR | Interpolation.ACCURATE_RND
_FRACTION = 256
"""Resized planes are uint16 and hold the value times this."""


def model_input(picture: Picture, area: Area, spec: ModelSpec) -> NDArray[np.uint8]:
    """The part ``area`` of ``picture``, stretched to the model's size.

    Args:
        area: inside the picture; for 4:2:0 formats all four numbers are even.

    Returns:
        (spec.height, spec.width, 3) uint8 RGB in [0, 255], the caller's own.

    Raises:
        ValueError: ``area`` is empty, leaves the picture, or is odd in a 4:2:0 format.
    """
    check_area(area, picture)
    planes = [_resized(plane, spec) for plane in _cropped_planes(picture, area)]
    resized = cv2.merge(planes)
    if picture.pixel_format is PixelFormat.RGB24:
        return np.asarray(cv2.convertScaleAbs(resized, alpha=1 / _FRACTION), np.uint8)
    conversion = rgb_from_yuv(picture.matrix, picture.full_range)
    conversion[:, :3] /= _FRACTION
    return np.asarray(cv2.convertScaleAbs(cv2.transform(resized, conversion)), np.uint8)


def check_area(area: Area, picture: Picture) -> None:
    """Refuses an area that no picture of this size and format has.

    Raises:
        ValueError: ``area`` is empty, leaves the picture, or is odd in a 4:2:0 format.
    """
    inside = (
        area.x >= 0
        and area.y >= 0
        and area.width > 0
        and area.height > 0
        and area.x + area.width <= picture.width
        and area.y + area.height <= picture.height
    )
    if not inside:
        raise ValueError(f"{area} is empty or leaves the {picture.width}x{picture.height} picture")
    odd = any(side % 2 for side in (area.x, area.y, area.width, area.height))
    if odd and picture.pixel_format is not PixelFormat.RGB24:
        raise ValueError(f"{area} is odd; in {picture.pixel_format.value} all numbers must be even")


def _cropped_planes(picture: Picture, area: Area) -> list[NDArray[np.uint8]]:
    """R, G, B or Y, U, V; a plane's rows are contiguous, the rows themselves may lie apart."""
    rows = slice(area.y, area.y + area.height)
    columns = slice(area.x, area.x + area.width)
    if picture.pixel_format is PixelFormat.RGB24:
        return [np.asarray(plane, np.uint8) for plane in cv2.split(picture.pixels[rows, columns])]
    half_rows = slice(rows.start // 2, rows.stop // 2)
    half_columns = slice(columns.start // 2, columns.stop // 2)
    chroma = [plane[half_rows, half_columns] for plane in picture.chroma_planes()]
    if picture.pixel_format is PixelFormat.NV12:
        chroma = [np.ascontiguousarray(plane) for plane in chroma]
    return [picture.luma_plane()[rows, columns], *chroma]


def _resized(plane: NDArray[np.uint8], spec: ModelSpec) -> NDArray[np.uint16]:
    if plane.shape == (spec.height, spec.width):
        # With nothing to scale FFmpeg would turn 255 into 65535 instead of 65280.
        return plane.astype(np.uint16) * np.uint16(_FRACTION)
    frame = VideoReformatter().reformat(
        VideoFrame.from_numpy_buffer(plane, format="gray"),
        width=spec.width,
        height=spec.height,
        format="gray16le",
        interpolation=_FILTER,
        threads=1,
    )
    return np.asarray(frame.to_ndarray(), np.uint16)
