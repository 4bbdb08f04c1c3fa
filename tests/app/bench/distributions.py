"""Distributions made of durations that a test chose."""

from __future__ import annotations

from collections.abc import Iterable

from app.bench.latencies import Distribution, Latencies


def distribution(durations_ms: Iterable[float]) -> Distribution:
    latencies = Latencies()
    for duration_ms in durations_ms:
        latencies.add(duration_ms)
    return latencies.distribution()
