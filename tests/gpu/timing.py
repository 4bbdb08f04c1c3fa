"""Latency of one step, measured alike for everything that is compared."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

WARM_UP = 100
"""Steps, at least."""
WARM_UP_S = 1.0
"""Seconds, at least: until the clocks have risen."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Wall-clock times of single steps, each waited for before the next one starts."""

    iterations: int
    median_ms: float
    p99_ms: float
    least_ms: float


def latency(step: Callable[[], object], iterations: int, warm_up_s: float = WARM_UP_S) -> Latency:
    """Runs ``step`` that often after a warm-up; it returns when the device has finished."""
    until_s = time.monotonic() + warm_up_s
    warm = 0
    while warm < WARM_UP or time.monotonic() < until_s:
        step()
        warm += 1
    times_ns = np.empty(iterations, np.int64)
    for index in range(iterations):
        started_ns = time.perf_counter_ns()
        step()
        times_ns[index] = time.perf_counter_ns() - started_ns
    times_ms = times_ns / 1e6
    return Latency(
        iterations=iterations,
        median_ms=float(np.median(times_ms)),
        p99_ms=float(np.percentile(times_ms, 99)),
        least_ms=float(times_ms.min()),
    )
