"""Where the endoscope's picture lies in the frame, and how the model's mask maps onto it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of whole pixels: columns ``x`` to ``x + width``, rows ``y`` to ``y + height``.

    The upper ends are exclusive.
    """

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a (model_height, model_width) probability lies on the source: stretched over ``area``.

    The centre of model pixel (row, column) lies on the source at
    ``(area.y + (row + 0.5) * area.height / model_height,
    area.x + (column + 0.5) * area.width / model_width)``, where source pixel (0, 0) spans
    [0, 1) x [0, 1).
    """

    source_height: int
    source_width: int
    area: Area
    model_height: int
    model_width: int

    def to_source(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (..., 2), each x then y, from the model's continuous coordinates to the source's.

        In both, pixel (0, 0) spans [0, 1) x [0, 1), so the centre of a pixel ends in .5.
        """
        area = self.area
        scale = (area.width / self.model_width, area.height / self.model_height)
        return points * scale + (area.x, area.y)


def core_threshold(threshold: float, margin: float) -> float:
    """The probability, in [0, 1], whose logit lies ``margin`` above that of ``threshold``."""
    return threshold / (threshold + (1 - threshold) * math.exp(-margin))


def least_level(threshold: float) -> int:
    """The smallest uint8 probability, at least 1, that reaches ``threshold`` in [0, 1]."""
    return max(1, math.ceil(threshold * 255))


def probability_on_source(probability: NDArray[np.uint8], geometry: Geometry) -> NDArray[np.uint8]:
    """(model_height, model_width) uint8 to (source_height, source_width) uint8, bilinear.

    0 outside the picture's area. The arithmetic is in integers, so every machine gives the same
    bytes; they are within 1.5 levels of what real numbers would give.
    """
    source = np.zeros((geometry.source_height, geometry.source_width), np.uint8)
    if probability.any():
        area = geometry.area
        source[area.y : area.y + area.height, area.x : area.x + area.width] = cv2.resize(
            probability, (area.width, area.height), interpolation=cv2.INTER_LINEAR_EXACT
        )
    return source


def mask_on_source(
    probability: NDArray[np.uint8], geometry: Geometry, threshold: float
) -> NDArray[np.bool_]:
    """(source_height, source_width) bool: where the probability reaches ``threshold`` in [0, 1].

    Pixels of probability 0 are never in the mask, nor are those outside the picture's area.
    """
    mask: NDArray[np.bool_] = probability_on_source(probability, geometry) >= least_level(threshold)
    return mask
