"""Durations of any number of frames, in memory that never grows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock

import numpy as np
from numpy.typing import NDArray

BIN_MS = 0.05
"""Percentiles and the worst are exact to this, and never too small."""
_BINS = 200_000
"""Up to ten seconds; what took longer is in the last bin."""


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """By nearest rank, in milliseconds; 0 where nothing was counted."""

    p50: float
    p95: float
    p99: float
    worst: float


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """How many durations fell into each bin of ``BIN_MS``: (bins,) int64, never written to.

    It ends with the slowest, so that one that is kept takes little memory.
    """

    counts: NDArray[np.int64]

    @property
    def total(self) -> int:
        return int(self.counts.sum())

    def since(self, earlier: Distribution) -> Distribution:
        """What was added after ``earlier``, which it goes on from."""
        counts = self.counts.copy()
        counts[: earlier.counts.size] -= earlier.counts
        return Distribution(counts)

    def above(self, duration_ms: float) -> int:
        """How many may have taken longer: that bin counts as a whole."""
        return int(self.counts[_bin(duration_ms) :].sum())

    def summary(self) -> LatencySummary:
        ranks = np.cumsum(self.counts)
        return LatencySummary(*(_percentile_ms(ranks, share) for share in (0.50, 0.95, 0.99, 1.0)))

    def slower_shares(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Durations in milliseconds, rising, and which share took longer than each.

        The last share is 0; both are empty where nothing was counted.
        """
        (taken,) = np.nonzero(self.counts)
        slower = 1 - np.cumsum(self.counts[taken]) / max(self.total, 1)
        return np.asarray((taken + 1) * BIN_MS, np.float64), slower


class Latencies:
    """Counts durations. One thread adds, any thread asks."""

    def __init__(self) -> None:
        self._counts = np.zeros(_BINS, np.int64)
        self._bins = 1
        self._lock = Lock()

    def add(self, duration_ms: float) -> None:
        place = _bin(duration_ms)
        with self._lock:
            self._counts[place] += 1
            self._bins = max(self._bins, place + 1)

    def distribution(self) -> Distribution:
        """Of all so far."""
        with self._lock:
            return Distribution(self._counts[: self._bins].copy())


def _bin(duration_ms: float) -> int:
    return min(max(math.ceil(duration_ms / BIN_MS) - 1, 0), _BINS - 1)


def _percentile_ms(ranks: NDArray[np.int64], share: float) -> float:
    """The upper edge of the bin in which the wanted rank lies."""
    total = int(ranks[-1])
    if total == 0:
        return 0.0
    place = int(np.searchsorted(ranks, math.ceil(share * total)))
    return round((place + 1) * BIN_MS, 2)
