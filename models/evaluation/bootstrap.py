"""How sure a mean or a share is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 2101

_NORMAL_QUANTILE = 1.959964
"""Between minus this and this lie 95 % of a normal distribution."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean and its 95 % interval."""

    mean: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.mean:.3f} ({self.low:.3f} to {self.high:.3f})"


def mean_interval(
    values: Sequence[float], weights: Sequence[float] | None = None
) -> Interval | None:
    """The mean of ``values``, with the percentile bootstrap over frames (Efron 1979); None of none.

    Frames are drawn as if independent. Those of one video are not: for lists that hold sequences
    the interval is too narrow.

    Args:
        weights: what each value is out of, such as the polyps of a frame; the mean is then
            ``sum(values) / sum(weights)``.
    """
    if not values:
        return None
    parts = np.asarray(values, np.float64)
    wholes = np.ones_like(parts) if weights is None else np.asarray(weights, np.float64)
    draws = _draws(parts.size)
    means = parts[draws].sum(axis=1) / wholes[draws].sum(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(parts.sum() / wholes.sum()), float(low), float(high))


def share_interval(count: int, total: int) -> Interval | None:
    """The share ``count / total`` with its score interval (Wilson 1927); None of none.

    For a few cases that are all right or all wrong, of which the bootstrap knows nothing else.
    """
    if not total:
        return None
    share = count / total
    spread = _NORMAL_QUANTILE**2 / total
    centre = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    return Interval(share, min(share, centre - half), max(share, centre + half))


def largest_mean_interval(curves: NDArray[np.float64]) -> Interval:
    """Of ``curves``, a row a frame, the largest column's mean; every resample has its own largest.

    At least one row.
    """
    frames = len(curves)
    counts = np.stack([np.bincount(drawn, minlength=frames) for drawn in _draws(frames)])
    largest = (counts @ curves).max(axis=1) / frames
    low, high = np.percentile(largest, (2.5, 97.5))
    return Interval(float(curves.mean(axis=0).max()), float(low), float(high))


def _draws(frames: int) -> NDArray[np.int64]:
    """(``RESAMPLES``, frames): which frames each resample holds."""
    return np.random.default_rng(SEED).integers(frames, size=(RESAMPLES, frames))
