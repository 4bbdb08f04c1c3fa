"""Pictures of every format and findings on them, without a network."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Area, Geometry
from models.picture import ColourMatrix, Picture, PixelFormat
from models.regions import Findings, find_regions
from models.segmentation import Segmentation, Timings
from tests.models.pictures import Form

MODEL_SIDE = 352
FORMS = [
    (PixelFormat.RGB24, ColourMatrix.BT709, False),
    (PixelFormat.YUV420P, ColourMatrix.BT709, False),
    (PixelFormat.YUV420P, ColourMatrix.BT601, True),
    (PixelFormat.NV12, ColourMatrix.BT601, False),
    (PixelFormat.NV12, ColourMatrix.BT709, True),
    (PixelFormat.YUYV422, ColourMatrix.BT709, False),
    (PixelFormat.UYVY422, ColourMatrix.BT601, True),
    (PixelFormat.BGR24, ColourMatrix.BT709, False),
]


def noise(form: Form, height: int, width: int, seed: int = 0) -> Picture:
    """A picture of random samples, which nobody may write to."""
    shape = form[0].shape(height, width)
    pixels = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    pixels.setflags(write=False)
    return Picture(pixels, *form)


def segmented(
    probability: NDArray[np.uint8], height: int, width: int, *, index: int = 0
) -> Segmentation:
    """``probability``, (MODEL_SIDE, MODEL_SIDE), stretched over the whole picture."""
    whole = Area(0, 0, width, height)
    geometry = Geometry(height, width, whole, MODEL_SIDE, MODEL_SIDE)
    return Segmentation(probability, index, geometry, Timings(0, 0), picture_area=whole)


def discs(*centres_and_radii: tuple[int, int, int]) -> NDArray[np.uint8]:
    """A probability that is certain in discs, each given as x, y and radius in model pixels."""
    probability = np.zeros((MODEL_SIDE, MODEL_SIDE), np.uint8)
    for x, y, radius in centres_and_radii:
        cv2.circle(probability, (x, y), radius, 255, -1)
    return probability


def found(probability: NDArray[np.uint8], height: int, width: int) -> Findings:
    return find_regions(segmented(probability, height, width), threshold=0.5, least_area=0.0)
