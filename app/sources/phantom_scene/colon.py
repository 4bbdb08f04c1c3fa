"""The wall of a colon in cylindrical coordinates: how far from the axis, and what it looks like.

Every map has rows along z and columns around the axis. It tiles in both directions, and is stored
with a margin so that no lookup has to wrap.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sources.phantom_scene.mucosa import paint_mucosa, paint_polyp_surface
from app.sources.phantom_scene.noise import FloatArray, fractal_noise, generator, periodic_noise

Value = TypeVar("Value", bound=np.generic)

LENGTH = 24.0
"""z after which the wall repeats, in radii."""
VIEW = 9.0
"""How far one can look ahead, in radii: the margin at the end of every map."""
BEHIND = 1.5
"""Margin before the start, in radii."""
SHAPE = (1536, 512)
"""Rows and columns of one period of the relief."""
TEXTURE_SCALE = 2.5
"""Texels of the mucosa per texel of the relief, along both axes."""
FAR_SHRINK = 4
"""How many times fewer texels the mucosa has for distant views."""
MARGIN_COLUMNS = 4
FOLD_SPACING = 0.95
"""Mean distance from one ring of folds to the next, in radii."""


def _with_margin(field: NDArray[Value]) -> NDArray[Value]:
    """``field`` continued periodically by ``BEHIND`` and ``VIEW``, and by a few columns."""
    rows = field.shape[0]
    rows_behind = round(rows * BEHIND / LENGTH)
    rows_ahead = round(rows * VIEW / LENGTH)
    margins = [(rows_behind, rows_ahead), (MARGIN_COLUMNS, MARGIN_COLUMNS), (0, 0)]
    return np.pad(field, margins[: field.ndim], mode="wrap")


@dataclass(frozen=True, slots=True, eq=False)
class Colon:
    """The maps of one colon."""

    radius: FloatArray
    """(rows, columns): the wall's distance from the axis."""
    relief: FloatArray
    """(rows, columns, 3): slope of ``radius`` around (per radian) and along the axis, and how deep
    the place lies in a hollow (below 0 on crests)."""
    mucosa: NDArray[np.uint8]
    """(rows, columns, 3): linear RGB reflectance."""
    mucosa_far: NDArray[np.uint8]
    """``mucosa`` with fewer texels, for distant views."""
    film: FloatArray
    """(rows, columns, 2): slope of the wet film around and along the axis, deviation 1."""
    polyp_surface: NDArray[np.uint8]
    """The tile of ``paint_polyp_surface``, without a margin."""


def _folds(rng: np.random.Generator, shape: tuple[int, int]) -> FloatArray:
    """How far haustral folds stand into the lumen: crescents, three to a ring, staggered."""
    rows, columns = shape
    theta = np.arange(columns, dtype=np.float32)[None, :] * np.float32(2.0 * np.pi / columns)
    height = np.zeros(shape, np.float32)
    rings = round(LENGTH / FOLD_SPACING)
    warp = np.float32(0.12) * periodic_noise(rng, shape, (20, 5))
    reach = round(1.2 * rows / LENGTH)
    for ring in range(rings):
        for third in range(3):
            at_z = (ring + rng.uniform(-0.3, 0.3)) * LENGTH / rings + 0.14 * third
            at_theta = (third + 0.12 * np.sin(0.5 * at_z) + rng.uniform(-0.12, 0.12)) * 2.094
            tilt = rng.uniform(-0.12, 0.12)
            span = rng.uniform(0.75, 1.15)
            depth = rng.uniform(0.10, 0.40)
            thick = rng.uniform(0.10, 0.17)
            near = np.arange(-reach, reach + 1) + round(at_z * rows / LENGTH)
            z = near.astype(np.float32)[:, None] * np.float32(LENGTH / rows)
            near %= rows
            around = np.mod(theta - at_theta + np.pi, 2.0 * np.pi) - np.pi
            along = z - at_z - tilt * around + warp[near]
            crescent = np.clip(1.0 - (around / span) ** 2, 0.0, None) ** 1.2
            # A fold leans back: its near face is steeper than its far one.
            side = np.where(along < 0.0, thick * 0.8, thick * 1.5)
            crest = depth * crescent / (1.0 + (along / side) ** 2) ** 1.6
            height[near] = np.maximum(height[near], crest)
    return height


def _puddles(radius: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Levels out the lowest parts of some haustra. Gives the new radius and where liquid stands."""
    rows, columns = radius.shape
    theta = np.arange(columns, dtype=np.float32)[None, :] * np.float32(2.0 * np.pi / columns)
    downwards = np.clip(np.sin(theta), 0.05, None)
    level = np.float32(1.02) - np.float32(0.10) * np.clip(
        periodic_noise(rng, (rows, 1), (10, 1)) - 0.3, 0.0, 2.0
    )
    floor = level / downwards
    # Mucus and folds make the shore ragged.
    depth = radius - floor + 0.012 * fractal_noise(rng, radius.shape, (90, 30), 3)
    return np.minimum(radius, floor), np.clip(depth / 0.06, 0.0, 1.0).astype(np.float32)


def _blurred(field: FloatArray, deviation: float) -> FloatArray:
    """Gaussian blur of a field that tiles; ``deviation`` in texels."""
    margin = math.ceil(4.0 * deviation)
    padded = cv2.GaussianBlur(np.pad(field, margin, mode="wrap"), (0, 0), deviation)
    return np.asarray(padded[margin:-margin, margin:-margin], np.float32)


def _difference(field: FloatArray, side: int) -> FloatArray:
    """Next less previous value along ``side``, around the edges too."""
    return np.roll(field, -1, side) - np.roll(field, 1, side)


@lru_cache(maxsize=1)
def grow_colon(seed: int) -> Colon:
    """The colon that belongs to ``seed``; the last one is kept, as growing takes a while."""
    rng = generator(seed, 2)
    rows, columns = SHAPE
    theta = np.arange(columns, dtype=np.float32)[None, :] * np.float32(2.0 * np.pi / columns)
    folds = _folds(rng, SHAPE)
    radius = 1.0 + 0.05 * np.cos(3.0 * theta + 0.4) + 0.06 * periodic_noise(rng, SHAPE, (30, 5))
    radius = radius + 0.012 * periodic_noise(rng, SHAPE, (110, 30))
    radius = (radius - folds).astype(np.float32)
    radius, liquid = _puddles(radius, rng)
    radius = _blurred(radius, 1.2)

    slope_theta = _difference(radius, 1) * np.float32(0.5 * columns / (2.0 * np.pi))
    slope_z = _difference(radius, 0) * np.float32(0.5 * rows / LENGTH)
    around = _blurred(radius, 14.0)
    relief = np.stack([slope_theta, slope_z, radius - around], axis=-1).astype(np.float32)

    texture_shape = (round(rows * TEXTURE_SCALE), round(columns * TEXTURE_SCALE))
    liquid = np.asarray(cv2.resize(liquid, texture_shape[::-1]), np.float32)
    mucosa, thickness = paint_mucosa(rng, texture_shape, liquid)
    far_shape = (texture_shape[1] // FAR_SHRINK, texture_shape[0] // FAR_SHRINK)
    far = cv2.resize(mucosa, far_shape, interpolation=cv2.INTER_AREA)
    film = np.stack([_difference(thickness, 1), _difference(thickness, 0)], axis=-1)
    film = (film / film.std()).astype(np.float32)
    return Colon(
        radius=_with_margin(radius),
        relief=_with_margin(relief),
        mucosa=_with_margin(mucosa),
        mucosa_far=_with_margin(np.asarray(far, np.uint8)),
        film=_with_margin(film),
        polyp_surface=paint_polyp_surface(rng),
    )


def relief_coordinates(theta: FloatArray, z: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Column and row in ``radius`` and ``relief`` of points at ``theta`` in [0, 2 pi] and ``z``."""
    columns = theta * np.float32(SHAPE[1] / (2.0 * np.pi)) + np.float32(MARGIN_COLUMNS)
    rows = z * np.float32(SHAPE[0] / LENGTH) + np.float32(BEHIND * SHAPE[0] / LENGTH)
    return columns, rows


def sample_radius(colon: Colon, theta: float, z: float) -> float:
    """The wall's distance from the axis, averaged over about a tenth of a radius."""
    row = round((z + BEHIND) * SHAPE[0] / LENGTH)
    column = MARGIN_COLUMNS + round((theta % (2.0 * np.pi)) * SHAPE[1] / (2.0 * np.pi))
    patch = colon.radius[row - 4 : row + 5, max(column - 4, 0) : column + 5]
    return float(patch.mean())
