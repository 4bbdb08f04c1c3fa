"""Where each ray of sight meets the wall or a polyp, found by walking safe distances along it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sources.phantom_scene.colon import VIEW, Colon, relief_coordinates
from app.sources.phantom_scene.lens import Box, Planes, box_of_sphere
from app.sources.phantom_scene.noise import FloatArray
from app.sources.phantom_scene.polyps import smooth_min
from app.sources.phantom_scene.scene import Scene

NEAR = np.float32(0.02)
FAR = np.float32(VIEW - 2.0)
"""Nothing is seen beyond: the lamp does not reach there."""
WALL_STEP = np.float32(0.5)
"""Share of the radial distance to the wall that is safe to walk: folds are steep."""
POLYP_STEP = np.float32(0.85)
"""The same for polyps, whose lumps make the distance inexact."""
FILLET = 0.05
"""Over which distance polyp and wall run into each other."""
COARSE = 4
"""Pixels to a side for which one ray is walked first."""
COARSE_STEPS = 34
FINE_STEPS = 5
GAP_STEPS = 24
LANE = 256
"""Row length into which scattered rays are gathered."""


def wall_distance(colon: Colon, radius: FloatArray, theta: FloatArray, z: FloatArray) -> FloatArray:
    """A safe distance to the wall from points at ``radius`` from the axis; negative behind it."""
    columns, rows = relief_coordinates(theta, z)
    wall = cv2.remap(colon.radius, columns, rows, cv2.INTER_LINEAR)
    return (wall - radius) * WALL_STEP


def polyp_boxes(scene: Scene, shape: tuple[int, ...]) -> list[Box | None]:
    """For each polyp the part of a picture of ``shape`` (height, width) that it can be in."""
    return [box_of_sphere(*polyp.bound, scene.pose, shape) for polyp in scene.polyps]


def first_hits(scene: Scene, coarse: Planes, fine: Planes) -> FloatArray:
    """Distance to the first surface along every ray of ``fine``, (height, width), at most ``FAR``.

    ``coarse`` are rays through the same field, ``COARSE`` times fewer along each side.
    """
    t: FloatArray = np.full_like(coarse[0], NEAR)
    boxes = polyp_boxes(scene, coarse[0].shape)
    for _ in range(COARSE_STEPS):
        t += _safe_step(scene, coarse, t, boxes)
        np.clip(t, NEAR, FAR, out=t)
    # No ray may start behind a nearer surface that its coarse neighbours saw.
    nearest = cv2.erode(t, np.ones((3, 3), np.uint8)) * np.float32(0.95)
    height, width = fine[0].shape
    t = np.asarray(cv2.resize(nearest, (width, height)), np.float32)
    boxes = polyp_boxes(scene, fine[0].shape)
    for _ in range(FINE_STEPS):
        step = _safe_step(scene, fine, t, boxes)
        t += step
    _cross_gaps(scene, fine, t, (np.abs(step) > 0.004 * t) & (t < FAR))
    return np.clip(t, NEAR, FAR, out=t)


def _cross_gaps(scene: Scene, rays: Planes, t: FloatArray, unfinished: NDArray[np.bool_]) -> None:
    """Walks on, in place, along the few rays that passed an edge and still have a gap to cross."""
    chosen = np.flatnonzero(unfinished)
    if len(chosen) == 0:
        return
    chosen = np.resize(chosen, -(-len(chosen) // LANE) * LANE)
    x, y, z = (plane.ravel()[chosen].reshape(-1, LANE) for plane in rays)
    along = t.ravel()[chosen].reshape(-1, LANE)
    everywhere: list[Box | None] = [(slice(None), slice(None))] * len(scene.polyps)
    for _ in range(GAP_STEPS):
        along += _safe_step(scene, (x, y, z), along, everywhere)
        np.clip(along, NEAR, FAR, out=along)
    t.ravel()[chosen] = along.ravel()


def _safe_step(scene: Scene, rays: Planes, t: FloatArray, boxes: list[Box | None]) -> FloatArray:
    """How far each ray may walk on from ``t``; negative when it went too far."""
    ox, oy, oz = scene.pose.position.astype(np.float32)
    x, y, z = ox + t * rays[0], oy + t * rays[1], oz + t * rays[2]
    axis_x, axis_y = scene.axis.offset(z)
    radius, theta = cv2.cartToPolar(x - axis_x, y - axis_y)
    step = wall_distance(scene.colon, radius, theta, z)
    for polyp, box in zip(scene.polyps, boxes, strict=True):
        if box is not None:
            near = polyp.distance(x[box], y[box], z[box]) * POLYP_STEP
            step[box] = smooth_min(step[box], near, FILLET)
    return step
