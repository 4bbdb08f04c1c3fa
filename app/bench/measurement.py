"""What is gathered while a run is measured, and the report that it comes to."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from functools import cache
from statistics import median, median_low

from app.bench.figures import figures_between
from app.bench.gpu_clocks import GpuClocks
from app.bench.live_run import Moment
from app.bench.report import Extent, Machine, Report, SoakResult, Subject
from app.bench.resources import Usage
from app.bench.soak import SoakRow, broken_promises
from app.installed import package_versions
from app.version import version
from models.backends.processor import processor_name

_PACKAGES = ("av", "numpy", "onnxruntime", "opencv-python-headless", "openvino")


@dataclass(frozen=True, slots=True, eq=False)
class _Extents:
    """Over the samples so far."""

    memory_mb: Extent
    handles: Extent
    threads: Extent

    @classmethod
    def beginning(cls, usage: Usage) -> _Extents:
        quantities = (usage.resident_mb, usage.handles, usage.threads)
        return cls(*(Extent(value, value, value) for value in quantities))

    def then(self, usage: Usage) -> _Extents:
        return _Extents(
            self.memory_mb.then(usage.resident_mb),
            self.handles.then(usage.handles),
            self.threads.then(usage.threads),
        )


class Measurement:
    """Begins with ``start``; ``soak`` says whether its intervals are kept."""

    def __init__(self, subject: Subject, start: Moment, *, soak: bool) -> None:
        self._subject = subject
        self._start = start
        self._extents = _Extents.beginning(start.usage)
        self._soak = soak
        self._interval_start = start
        self._interval_samples: list[Usage] = []
        self._rows: list[SoakRow] = []
        self.gpus: list[GpuClocks] = []

    def sample(self, usage: Usage) -> None:
        self._extents = self._extents.then(usage)
        self._interval_samples.append(usage)

    def end_interval(self, moment: Moment) -> None:
        self.sample(moment.usage)
        figures = figures_between(self._interval_start, moment, self._frame_ms)
        samples, self._interval_samples = self._interval_samples, []
        row = SoakRow(
            ended_s=moment.usage.at_s - self._start.usage.at_s,
            frames=figures.frames,
            dropped=figures.dropped,
            late_share=figures.late_share,
            to_mask_p99_ms=figures.capture_to_mask_ms.p99,
            to_screen_p99_ms=figures.capture_to_screen_ms.p99,
            segmenter_failures=figures.segmenter_failures,
            resident_mb=median(usage.resident_mb for usage in samples),
            own_mb=median(usage.own_mb for usage in samples),
            handles=median_low(usage.handles for usage in samples),
            threads=median_low(usage.threads for usage in samples),
        )
        self._rows.append(row)
        self._interval_start = moment

    def report(self, moment: Moment, *, finished: bool) -> Report:
        """As things stand at ``moment``."""
        soak = None
        if self._soak:
            soak = SoakResult(tuple(self._rows), broken_promises(self._rows))
        return Report(
            finished=finished,
            machine=_machine(),
            subject=self._subject,
            figures=figures_between(self._start, moment, self._frame_ms),
            memory_mb=self._extents.memory_mb,
            handles=self._extents.handles,
            threads=self._extents.threads,
            gpus=self.gpus,
            soak=soak,
        )

    @property
    def _frame_ms(self) -> float:
        return 1000 / self._subject.rate


@cache
def _machine() -> Machine:
    return Machine(
        processor=processor_name(),
        cores=os.cpu_count() or 1,
        system=platform.platform(),
        python=platform.python_version(),
        polyplens=version(),
        packages=package_versions(_PACKAGES),
    )
