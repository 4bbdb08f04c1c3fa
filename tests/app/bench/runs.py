"""Small live runs: a test picture, a stand-in, and segmenters that fail."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from app.bench.bench import Benchmark, BenchPlan, bench
from app.bench.report import Report
from app.bench.runtime import BenchSegmenter
from app.sources.test_picture import TestPicture
from models.backends.base import BackendError
from models.backends.stand_in import StandInBackend
from models.segmenter import Segmenter
from models.spec import ModelSpec

SIZE = (640, 360)
RATE = Fraction(30)
STAND_IN_MS = 2.0


def stand_in() -> Segmenter:
    return Segmenter(StandInBackend(ModelSpec(), STAND_IN_MS))


class FailingBackend(StandInBackend):
    """Fails on one frame in ``every``."""

    def __init__(self, every: int) -> None:
        super().__init__(ModelSpec(), STAND_IN_MS)
        self._every = every
        self._asked = 0

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        self._asked += 1
        if self._asked % self._every == 0:
            raise BackendError("The runtime failed on purpose.")
        return super()._infer(frame)


def measured(segmenter: BenchSegmenter, seconds: float, *, soak: bool = False) -> Benchmark:
    """The test picture through ``segmenter``."""
    plan = BenchPlan(None, STAND_IN_MS, own_process=False, seconds=seconds, soak=soak)
    with TestPicture(SIZE, RATE) as source:
        return bench(source, segmenter, plan, lambda _: None)


def one_report() -> Report:
    """Of a short run."""
    return measured(stand_in(), 1.0).report
