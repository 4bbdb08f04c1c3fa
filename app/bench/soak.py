"""Whether a long run keeps what PolypLens promises of its endurance."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LARGEST_GROWTH = 0.01
"""Of the memory that the processes have for themselves, as a share."""
LARGEST_DRIFT = 0.10
"""Of the p99 of either latency, as a share."""
LARGEST_DROPPED = 0.001
"""Share of the frames."""

_INTERVAL_S = 60.0
_LEAST_INTERVALS = 10
_WARM_UP_SHARE = 0.1
_LONGEST_WARM_UP_S = 300.0


@dataclass(frozen=True, slots=True)
class SoakRow:
    """One interval of the run."""

    ended_s: float
    """Since the measurement began."""
    frames: int
    dropped: int
    late_share: float
    to_mask_p99_ms: float
    to_screen_p99_ms: float
    segmenter_failures: int
    resident_mb: float
    """The median of the interval, as what follows: half of the time it was more."""
    own_mb: float
    """``Usage.own_mb``."""
    handles: int
    threads: int


def interval_s(duration_s: float) -> float:
    """How long an interval of a run of ``duration_s`` is: a minute, less where that is short."""
    return min(_INTERVAL_S, duration_s / _LEAST_INTERVALS)


def broken_promises(rows: Sequence[SoakRow]) -> list[str]:
    """One sentence for each promise that the rows break; none while there are too few to tell.

    After warm-up, the first quarter of the run is compared with the last; drops count from then on.
    Warm-up is a tenth of the run, at most five minutes: whatever comes again and again, faults
    included, has come once by then, and has taken what it takes for good.

    Memory, handles and threads may not grow; fewer are no loss. An interval counts with its median,
    since at a single moment a process may be dead or a source open twice, and a quarter with its
    smallest interval: a leak raises that too, and what is taken for a while does not, such as the
    free memory that the allocator keeps for each thread. Memory is the processes' own: the system
    takes pages of libraries away and brings them back while a program holds what it held before.
    p99 counts with the median of the quarter's intervals, and may not drift either way.
    """
    if not rows:
        return []
    warm_up = min(_WARM_UP_SHARE * len(rows), _LONGEST_WARM_UP_S / rows[0].ended_s)
    warm = rows[math.ceil(warm_up) :]
    quarter = len(warm) // 4
    if quarter == 0:
        return []
    first, last = warm[:quarter], warm[-quarter:]
    broken = []
    growth = _change(first, last, lambda rows: min(row.own_mb for row in rows))
    if growth >= LARGEST_GROWTH:
        broken.append(f"Memory grew by {growth:.1%}; less than {LARGEST_GROWTH:.0%} is promised.")
    for name, least in (("handles", _least_handles), ("threads", _least_threads)):
        before, after = least(first), least(last)
        if after > before:
            broken.append(f"The {name} went from {before} to {after}; none may be added.")
    for name, p99 in (("mask", _to_mask_p99_ms), ("screen", _to_screen_p99_ms)):
        drift = _change(first, last, p99)
        if abs(drift) >= LARGEST_DRIFT:
            broken.append(
                f"The p99 from capture to {name} drifted by {drift:+.0%}; "
                f"less than {LARGEST_DRIFT:.0%} is promised."
            )
    dropped = sum(row.dropped for row in warm) / max(sum(row.frames for row in warm), 1)
    if dropped >= LARGEST_DROPPED:
        broken.append(f"{dropped:.2%} of the frames were dropped; {LARGEST_DROPPED:.1%} may be.")
    return broken


def _change(
    first: Sequence[SoakRow], last: Sequence[SoakRow], figure: Callable[[Sequence[SoakRow]], float]
) -> float:
    before, after = figure(first), figure(last)
    return after / before - 1 if before else 0.0


def _least_handles(rows: Sequence[SoakRow]) -> int:
    return min(row.handles for row in rows)


def _least_threads(rows: Sequence[SoakRow]) -> int:
    return min(row.threads for row in rows)


def _to_mask_p99_ms(rows: Sequence[SoakRow]) -> float:
    return statistics.median(row.to_mask_p99_ms for row in rows)


def _to_screen_p99_ms(rows: Sequence[SoakRow]) -> float:
    return statistics.median(row.to_screen_p99_ms for row in rows)
