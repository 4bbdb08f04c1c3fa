"""What the kernels of ``kernels.cu`` are launched with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.geometry import Area
from models.picture import Picture, PixelFormat, rgb_from_yuv
from models.preprocess import check_area
from models.spec import ModelSpec

KERNEL_NAMES = {
    PixelFormat.RGB24: "rgb24_to_input",
    PixelFormat.BGR24: "bgr24_to_input",
    PixelFormat.YUV420P: "yuv420p_to_input",
    PixelFormat.NV12: "nv12_to_input",
    PixelFormat.YUYV422: "yuyv422_to_input",
    PixelFormat.UYVY422: "uyvy422_to_input",
}
BLOCK = (32, 8, 1)
"""Threads of a block, x first: a warp makes one run of 32 output pixels."""

_JOB = np.dtype(
    [
        ("picture", np.uint64),
        ("input", np.uint64),
        ("picture_width", np.int32),
        ("picture_height", np.int32),
        ("area_x", np.int32),
        ("area_y", np.int32),
        ("area_width", np.int32),
        ("area_height", np.int32),
        ("input_width", np.int32),
        ("input_height", np.int32),
        ("rgb_from_yuv", np.float32, (12,)),
    ],
    align=True,
)


def conversion_job(
    picture: Picture, area: Area, spec: ModelSpec, picture_address: int, input_address: int
) -> NDArray[Any]:
    """The kernels' one argument, ``struct Job``, as an array of no dimensions.

    Args:
        area: inside the picture, and of whole chroma samples.
        picture_address: where the device finds ``picture.pixels``.
        input_address: where it writes (spec.height, spec.width, 3) uint8 RGB.

    Raises:
        ValueError: ``area`` is empty, leaves the picture, or cuts through a chroma sample.
    """
    check_area(area, picture)
    return np.array(
        (
            picture_address,
            input_address,
            picture.width,
            picture.height,
            area.x,
            area.y,
            area.width,
            area.height,
            spec.width,
            spec.height,
            rgb_from_yuv(picture.matrix, picture.full_range).ravel(),
        ),
        _JOB,
    )


def grid(spec: ModelSpec) -> tuple[int, int]:
    """Blocks, x first, that cover the model's input."""
    return -(-spec.width // BLOCK[0]), -(-spec.height // BLOCK[1])
