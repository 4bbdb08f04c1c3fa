"""The endoscope's wide-angle lens: distance from the picture's centre grows with the angle."""

from __future__ import annotations

import numpy as np

from app.sources.phantom_scene.motion import Pose, Vector
from app.sources.phantom_scene.noise import FloatArray

Planes = tuple[FloatArray, FloatArray, FloatArray]
"""Vectors, one component per array."""
Box = tuple[slice, slice]
"""Rows and columns of a part of a picture."""

HALF_FIELD = float(np.deg2rad(72.0))
"""Angle between the optical axis and the corner of the picture."""


def pixels_per_radian(width: int, height: int) -> float:
    return 0.5 * float(np.hypot(width, height)) / HALF_FIELD


def camera_rays(width: int, height: int) -> Planes:
    """Unit vectors through the pixel centres: right, down and forward, each (height, width)."""
    scale = np.float32(1.0 / pixels_per_radian(width, height))
    across = (np.arange(width, dtype=np.float32) - np.float32(0.5 * width - 0.5)) * scale
    down = (np.arange(height, dtype=np.float32) - np.float32(0.5 * height - 0.5)) * scale
    x, y = np.meshgrid(across, down)
    angle = np.maximum(np.hypot(x, y), np.float32(1e-6))
    sine = np.sin(angle) / angle
    return x * sine, y * sine, np.cos(angle)


def turned(rays: Planes, pose: Pose) -> Planes:
    """Rays in camera axes, in the world's axes."""
    x, y, z = rays
    a, b, c = (row[0] * x + row[1] * y + row[2] * z for row in pose.rotation.astype(np.float32))
    return a, b, c


def box_of_sphere(centre: Vector, radius: float, pose: Pose, shape: tuple[int, ...]) -> Box | None:
    """The part of a picture of ``shape`` (height, width) that shows the sphere; None if no part."""
    height, width = shape
    right, down, forward = (centre - pose.position) @ pose.rotation
    distance = float(np.linalg.norm((right, down, forward)))
    if distance < 1.3 * radius:
        return slice(0, height), slice(0, width)
    scale = pixels_per_radian(width, height)
    angle = float(np.arccos(forward / distance))
    # The projection stretches by angle / sin(angle) around the optical axis.
    stretch = max(angle / max(float(np.sin(angle)), 1e-6), 1.0)
    reach = 1.15 * float(np.arcsin(radius / distance)) * scale * stretch + 3.0
    off_axis = float(np.hypot(right, down)) + 1e-9
    x = 0.5 * width + angle * scale * right / off_axis
    y = 0.5 * height + angle * scale * down / off_axis
    left, top = max(int(x - reach), 0), max(int(y - reach), 0)
    end_x, end_y = min(int(x + reach) + 1, width), min(int(y + reach) + 1, height)
    if left >= end_x or top >= end_y:
        return None
    return slice(top, end_y), slice(left, end_x)
