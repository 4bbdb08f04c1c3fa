"""Whether a long run keeps what PolypLens promises of its endurance."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

LARGEST_GROWTH = 0.01
"""Of resident memory, as a share."""
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
    """At its end, as what follows."""
    handles: int
    threads: int


def interval_s(duration_s: float) -> float:
    """How long an interval of a run of ``duration_s`` is: a minute, less where that is short."""
    return min(_INTERVAL_S, duration_s / _LEAST_INTERVALS)


def broken_promises(rows: Sequence[SoakRow]) -> list[str]:
    """One sentence for each promise that the rows break; none while there are too few to tell.

    After warm-up, the first quarter of the run is compared with the last: the largest memory and
    the most handles and threads, and the median of the intervals' p99. Drops count over all of it.
    """
    if not rows:
        return []
    warm_s = min(_WARM_UP_SHARE * rows[-1].ended_s, _LONGEST_WARM_UP_S)
    warm = [row for row in rows if row.ended_s > warm_s]
    quarter = len(warm) // 4
    if quarter == 0:
        return []
    first, last = warm[:quarter], warm[-quarter:]
    broken = []
    growth = _change(first, last, lambda rows: max(row.resident_mb for row in rows))
    if growth >= LARGEST_GROWTH:
        broken.append(f"Memory grew by {growth:.1%}; less than {LARGEST_GROWTH:.0%} is promised.")
    for name, most in (("handles", _most_handles), ("threads", _most_threads)):
        if most(last) != most(first):
            broken.append(f"The {name} went from {most(first)} to {most(last)}; they are constant.")
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


def _most_handles(rows: Sequence[SoakRow]) -> int:
    return max(row.handles for row in rows)


def _most_threads(rows: Sequence[SoakRow]) -> int:
    return max(row.threads for row in rows)


def _to_mask_p99_ms(rows: Sequence[SoakRow]) -> float:
    return statistics.median(row.to_mask_p99_ms for row in rows)


def _to_screen_p99_ms(rows: Sequence[SoakRow]) -> float:
    return statistics.median(row.to_screen_p99_ms for row in rows)
