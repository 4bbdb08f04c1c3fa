"""Smooth random fields, and random numbers that belong to a seed and a number of their own."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def generator(seed: int, *stream: int) -> np.random.Generator:
    """A generator that depends on ``seed`` and ``stream`` alone; both are non-negative."""
    return np.random.default_rng((seed, *stream))


def periodic_noise(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int]
) -> FloatArray:
    """A smooth field of ``shape`` (rows, columns), mean 0 and deviation 1, that tiles seamlessly.

    ``cells`` is the number of independent random values along the rows and the columns.
    """
    margin = 3
    grid = rng.standard_normal(cells).astype(np.float32)
    padded = np.pad(grid, margin, mode="wrap")
    scale = (shape[0] / cells[0], shape[1] / cells[1])
    full = (round(padded.shape[1] * scale[1]), round(padded.shape[0] * scale[0]))
    field = cv2.resize(padded, full, interpolation=cv2.INTER_CUBIC)
    top, left = round(margin * scale[0]), round(margin * scale[1])
    field = field[top : top + shape[0], left : left + shape[1]]
    return np.ascontiguousarray((field - field.mean()) / field.std(), dtype=np.float32)


def fractal_noise(
    rng: np.random.Generator, shape: tuple[int, int], cells: tuple[int, int], octaves: int
) -> FloatArray:
    """Octaves of ``periodic_noise``, each twice as fine and half as strong; deviation about 1."""
    total = np.zeros(shape, np.float32)
    for octave in range(octaves):
        fine = (cells[0] << octave, cells[1] << octave)
        total += periodic_noise(rng, shape, fine) * np.float32(0.5**octave)
    return total / np.float32(np.sqrt(sum(0.25**octave for octave in range(octaves))))
