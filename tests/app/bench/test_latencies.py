"""Percentiles out of bins: never too small, and never off by more than a bin."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.bench.latencies import BIN_MS, Latencies, LatencySummary
from tests.app.bench.distributions import distribution

DURATIONS_MS = st.lists(st.floats(0.001, 9_999.0), min_size=1, max_size=200)


def nearest_rank(durations_ms: list[float], share: float) -> float:
    return sorted(durations_ms)[math.ceil(share * len(durations_ms)) - 1]


@given(DURATIONS_MS)
def test_percentiles_are_those_of_the_sorted_durations(durations_ms: list[float]) -> None:
    summary = distribution(durations_ms).summary()
    for share, value in ((0.5, summary.p50), (0.95, summary.p95), (0.99, summary.p99)):
        assert -1e-6 <= value - nearest_rank(durations_ms, share) <= BIN_MS + 1e-6
    assert -1e-6 <= summary.worst - max(durations_ms) <= BIN_MS + 1e-6


@given(DURATIONS_MS, st.floats(0.1, 9_000.0))
def test_none_that_took_longer_is_missed(durations_ms: list[float], limit_ms: float) -> None:
    above = distribution(durations_ms).above(limit_ms)
    assert above >= sum(duration_ms > limit_ms for duration_ms in durations_ms)
    assert above <= sum(duration_ms > limit_ms - BIN_MS - 1e-6 for duration_ms in durations_ms)


def test_what_came_later_is_told_apart() -> None:
    latencies = Latencies()
    latencies.add(500.0)
    earlier = latencies.distribution()
    latencies.add(2.0)
    latencies.add(3.0)
    since = latencies.distribution().since(earlier)
    assert since.total == 2
    assert since.summary().worst == pytest.approx(3.0)
    assert earlier.total == 1


def test_nothing_counted_is_zero_everywhere() -> None:
    empty = Latencies().distribution()
    assert empty.summary() == LatencySummary(0.0, 0.0, 0.0, 0.0)
    assert (empty.total, empty.above(1.0)) == (0, 0)
    assert [part.size for part in empty.slower_shares()] == [0, 0]


def test_hours_are_counted_with_the_longest() -> None:
    assert distribution([3_600_000.0]).summary().worst == pytest.approx(10_000.0)


def test_slower_shares_fall_to_nothing() -> None:
    durations_ms, shares = distribution([1.0, 2.0, 2.0, 4.0]).slower_shares()
    assert durations_ms.tolist() == pytest.approx([1.0, 2.0, 4.0])
    assert shares.tolist() == pytest.approx([0.75, 0.25, 0.0])
