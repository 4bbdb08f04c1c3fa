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


def mean_interval(values: Sequence[float]) -> Interval | None:
    """The mean of ``values``, with the percentile bootstrap over frames (Efron 1979); None of none.

    Frames are drawn as if independent. Those of one video are not: for lists that hold sequences
    the interval is too narrow.
    """
    if not values:
        return None
    of_frames = np.asarray(values, np.float64)
    low, high = np.percentile(of_frames[_draws(of_frames.size)].mean(axis=1), (2.5, 97.5))
    return Interval(float(of_frames.mean()), float(low), float(high))


def share_interval(count: int, total: int) -> Interval | None:
    """The share ``count / total`` with its score interval (Wilson 1927); None of none.

    Of cases that are all right or all wrong the bootstrap knows nothing else.
    """
    return _score_interval(count / total, total) if total else None


def clustered_share_interval(counts: Sequence[int], totals: Sequence[int]) -> Interval | None:
    """Of cases that come together, such as the polyps of a frame; None of none.

    The score interval of so many independent cases as vary like these clusters, ``counts`` of
    ``totals`` (the design effect: Kish 1965), and of no more than there are.
    """
    total = sum(totals)
    if not total:
        return None
    share = sum(counts) / total
    residuals = np.asarray(counts) - share * np.asarray(totals)
    spread = float(residuals @ residuals)
    cases = share * (1 - share) * total**2 / spread if spread else total
    return _score_interval(share, min(cases, total))


def _score_interval(share: float, cases: float) -> Interval:
    spread = _NORMAL_QUANTILE**2 / cases
    centre = (share + spread / 2) / (1 + spread)
    half = math.sqrt(spread * (share * (1 - share) + spread / 4)) / (1 + spread)
    low, high = max(0.0, centre - half), min(1.0, centre + half)
    # Rounding may otherwise leave a share of 0 or 1 outside.
    return Interval(share, min(share, low), max(share, high))


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
