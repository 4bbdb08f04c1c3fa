from __future__ import annotations

import time
from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from app.pipeline.mailbox import MailboxCounts
from app.pipeline.metrics import WINDOW, Percentiles, Ring, StageMetrics, percentiles


def test_nothing_measured_is_zero() -> None:
    snapshot = StageMetrics().snapshot("read", lambda: MailboxCounts(0, 0, 0))
    assert snapshot.duration == Percentiles(0.0, 0.0)
    assert snapshot.frames_per_s == 0.0
    assert (snapshot.frames_in, snapshot.frames_out, snapshot.dropped) == (0, 0, 0)


@pytest.mark.parametrize("count", [1, 2, 3, 99, 100, 101, WINDOW - 1, WINDOW, WINDOW + 1, 5000])
def test_percentiles_are_those_of_the_last_window_by_nearest_rank(count: int) -> None:
    durations_ns = np.random.default_rng(count).integers(0, 10**9, count)
    ring = Ring()
    for duration_ns in durations_ns:
        ring.add(int(duration_ns))
    window = durations_ns[-WINDOW:]
    p50, p99 = np.percentile(window, [50, 99], method="inverted_cdf") / 1e6
    assert percentiles(ring) == Percentiles(p50, p99)


@pytest.mark.parametrize("count", [0, 1, 2, WINDOW + 1])
def test_the_median_alone_is_that_of_the_snapshot(count: int) -> None:
    metrics = StageMetrics()
    for duration_ns in np.random.default_rng(count).integers(0, 10**9, count):
        metrics.finished(0, int(duration_ns))
    assert metrics.p50_ms == metrics.snapshot("x", lambda: MailboxCounts(0, 0, 0)).duration.p50_ms


def test_the_ring_keeps_the_last_window_and_no_more() -> None:
    ring = Ring()
    for number in range(3 * WINDOW + 17):
        ring.add(number)
    assert sorted(ring.numbers()) == list(range(2 * WINDOW + 17, 3 * WINDOW + 17))


def test_rate_is_that_of_the_last_two_seconds() -> None:
    metrics = StageMetrics()
    now_ns = time.monotonic_ns()
    for number in range(11):
        metrics.finished(0, now_ns - 60_000_000_000 + number)
    for number in range(21):
        metrics.finished(0, now_ns - 1_000_000_000 + number * 40_000_000)
    snapshot = metrics.snapshot("read", lambda: MailboxCounts(32, 0, 0))
    assert snapshot.frames_out == 32
    assert snapshot.frames_per_s == pytest.approx(25.0)


def test_a_stage_that_stands_still_has_no_rate() -> None:
    metrics = StageMetrics()
    long_ago_ns = time.monotonic_ns() - 10_000_000_000
    metrics.finished(0, long_ago_ns)
    metrics.finished(0, long_ago_ns + 1)
    assert metrics.snapshot("read", lambda: MailboxCounts(2, 0, 0)).frames_per_s == 0.0


def test_displaced_frames_count_as_dropped() -> None:
    metrics = StageMetrics()
    metrics.finished(1_000_000, 3_000_000)
    metrics.dropped()
    snapshot = metrics.snapshot("segment", lambda: MailboxCounts(accepted=7, displaced=4, depth=1))
    assert (snapshot.frames_in, snapshot.frames_out, snapshot.dropped) == (7, 1, 5)
    assert snapshot.depth == 1
    assert snapshot.duration == Percentiles(2.0, 2.0)


def test_a_snapshot_does_not_change() -> None:
    metrics = StageMetrics()
    snapshot = metrics.snapshot("read", lambda: MailboxCounts(0, 0, 0))
    metrics.dropped()
    assert snapshot.dropped == 0
    with pytest.raises(FrozenInstanceError):
        snapshot.dropped = 1  # type: ignore[misc]
