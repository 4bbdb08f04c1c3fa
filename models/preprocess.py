"""The network's input, made from a picture the way training makes it.

Training stretches RGB images with Pillow's ``BILINEAR``, a triangle filter that widens with the
reduction. FFmpeg's bilinear scaler is the same filter, for planes of four samples or more on each
side. Here it runs on each plane by itself and keeps sixteen bits, so that the colour conversion
that follows, on the small picture and exact, is the only place where values are rounded. Filter and
conversion are both linear; they may change places.
"""

from __future__ import annotations

import cv2
import numpy as np
from av import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter
from numpy.typing import NDArray

from models.geometry import Area
from models.picture import Picture, rgb_from_yuv
from models.spec import ModelSpec

_FILTER = Interpolation.BILINEAR | Interpolation.ACCURATE_RND
_FRACTION = 256
"""Resized planes are uint16 and hold the value times this."""


def model_input(picture: Picture, area: Area, spec: ModelSpec) -> NDArray[np.uint8]:
    """The part ``area`` of ``picture``, stretched to the model's size.

    Args:
        area: inside the picture, and of whole chroma samples.

    Returns:
        (spec.height, spec.width, 3) uint8 RGB in [0, 255], the caller's own.

    Raises:
        ValueError: ``area`` is empty, leaves the picture, or cuts through a chroma sample.
    """
    check_area(area, picture)
    resized = cv2.merge([_resized(plane, spec) for plane in picture.separated(area)])
    if not picture.pixel_format.is_yuv:
        return np.asarray(cv2.convertScaleAbs(resized, alpha=1 / _FRACTION), np.uint8)
    conversion = rgb_from_yuv(picture.matrix, picture.full_range)
    conversion[:, :3] /= _FRACTION
    return np.asarray(cv2.convertScaleAbs(cv2.transform(resized, conversion)), np.uint8)


def check_area(area: Area, picture: Picture) -> None:
    """Refuses an area that no picture of this size and format has.

    Raises:
        ValueError: ``area`` is empty, leaves the picture, or cuts through a chroma sample.
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
    rows, columns = picture.pixel_format.chroma_step
    if area.x % columns or area.width % columns or area.y % rows or area.height % rows:
        even = "x and width" if rows == 1 else "all numbers"
        raise ValueError(f"{area} is odd; in {picture.pixel_format.value} {even} must be even")


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
