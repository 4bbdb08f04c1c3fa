"""Measures one live run from its warm-up to its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import cv2

from app.bench.gpu_clocks import gpu_clocks
from app.bench.latencies import Distribution
from app.bench.live_run import LiveRun
from app.bench.measurement import Measurement
from app.bench.report import Report, Subject
from app.bench.resources import usage
from app.bench.runtime import BenchSegmenter
from app.bench.soak import interval_s
from app.sources.base import SourceError, SourceInfo, VideoSource
from models.backends.base import BackendInfo

_SAMPLE_S = 2.0
"""Memory, handles and threads are looked at this often."""


@dataclass(frozen=True, slots=True)
class BenchPlan:
    """How a run is measured."""

    threshold: float | None
    """Probability in [0, 1] from which a pixel belongs to a region; None: the model's."""
    stand_in_ms: float | None
    """None for a real runtime."""
    own_process: bool
    seconds: float
    """Measured after the warm-up, at most: a source may end."""
    soak: bool
    """Whether the run is held against the promises of endurance, interval by interval."""


@dataclass(frozen=True, slots=True, eq=False)
class Benchmark:
    """A finished one, and what its drawing is made of."""

    report: Report
    to_mask: Distribution
    to_screen: Distribution


def bench(
    source: VideoSource,
    segmenter: BenchSegmenter,
    plan: BenchPlan,
    on_interval: Callable[[Report], None],
) -> Benchmark:
    """Runs ``source`` through ``segmenter`` and measures that.

    In a soak ``on_interval`` is told after each interval how things stand.

    Raises:
        SourceError: the source gives no frame before or during the measurement, ends at once or
            breaks down.
        models.backends.base.BackendError: the runtime failed before its first mask.
    """
    # The stages are the threads; OpenCV's own would take the processor from the network.
    cv2.setNumThreads(1)
    with LiveRun(source, segmenter, plan.threshold) as run:
        run.warm_up()
        if run.ended:
            raise SourceError(f"{source.info.name} is over too soon; name a longer recording.")
        start = run.moment()
        measurement = Measurement(
            _subject(source.info, segmenter.info, plan), start, soak=plan.soak
        )
        begun_s = start.usage.at_s
        step_s = interval_s(plan.seconds) if plan.soak else plan.seconds / 2
        intervals = round(plan.seconds / step_s)
        for interval in range(1, intervals + 1):
            _wait(run, measurement, until_s=begun_s + interval * step_s)
            if run.ended:
                break
            if interval == intervals // 2:
                measurement.gpus = gpu_clocks()
            if plan.soak:
                moment = run.moment()
                measurement.end_interval(moment)
                on_interval(measurement.report(moment, finished=False))
        end = run.moment()
        if end.to_screen.total == start.to_screen.total:
            raise SourceError(
                f"{source.info.name} gave no frame while it was measured; check its signal."
            )
        measurement.sample(end.usage)
        return Benchmark(
            measurement.report(end, finished=True),
            end.to_mask.since(start.to_mask),
            end.to_screen.since(start.to_screen),
        )


def _wait(run: LiveRun, measurement: Measurement, until_s: float) -> None:
    """Samples until that moment of the monotonic clock, or until the source has ended."""
    while (left_s := until_s - time.monotonic()) > 0 and not run.ended:
        time.sleep(min(left_s, _SAMPLE_S))
        measurement.sample(usage())


def _subject(source: SourceInfo, runtime: BackendInfo, plan: BenchPlan) -> Subject:
    return Subject(
        source=source.name,
        width=source.width,
        height=source.height,
        rate=float(source.rate),
        backend=runtime.backend,
        device=runtime.device,
        precision=runtime.precision,
        stand_in_ms=plan.stand_in_ms,
        own_process=plan.own_process,
    )
