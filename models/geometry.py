"""Where the endoscope's picture lies in the frame, and how the model's mask maps onto it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Area:
    """A rectangle of whole pixels: columns ``x`` to ``x + width``, rows ``y`` to ``y + height``, exclusive."""

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
