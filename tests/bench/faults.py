"""A live run in which cable, device and network fail in turn, on time, again and again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from fractions import Fraction
from functools import partial
from itertools import cycle
from threading import Event

from app.bench.bench import BenchPlan, bench
from app.bench.report import Report
from app.frame import Frame
from app.sources.live import NoSignalError, SourceLostError
from app.sources.reconnecting import ReconnectingSource
from app.sources.test_picture import TestPicture
from models.backends.stand_in import StandInBackend
from models.segmenter import Segmenter
from models.spec import ModelSpec
from models.supervised.supervised_segmenter import SupervisedSegmenter

RATE = Fraction(60)
STAND_IN_MS = 3.0
SIZES = ((800, 600), (600, 800))
"""Of as many bytes each, so that memory does not depend on which of them is there."""
LONGEST_PERIOD_S = 9.0
"""From one fault to the next: each kind has come once before the first of ten minutes is over. More
of them would be a pattern that ends in a standing error."""
AWAY_S = 1.0


class Fault(Enum):
    UNPLUGGED = "unplugged"
    KILLED = "network's process killed"
    STALLED = "stalled"
    STOPPED = "network's process stopped"
    SIGNAL_AWAY = "signal away"
    RESIZED = "another size"


@dataclass(slots=True)
class Faults:
    """Which fault comes when, over all openings of one source; a source's thread asks."""

    period_s: float
    duration_s: float
    """From the first frame on; after that nothing fails any more, so that everything recovers."""
    segmenter: SupervisedSegmenter
    done: list[Fault] = field(default_factory=list)
    size: tuple[int, int] = SIZES[0]
    away_until_s: float = 0.0
    _order: Iterator[Fault] = field(default_factory=lambda: cycle(Fault))
    _due_s: float = 0.0
    _until_s: float = 0.0

    def due(self) -> Fault | None:
        """The fault of this moment."""
        now_s = time.monotonic()
        self._due_s = self._due_s or now_s + self.period_s
        self._until_s = self._until_s or now_s + self.duration_s
        if not self._due_s <= now_s < self._until_s:
            return None
        self._due_s += self.period_s
        self.done.append(next(self._order))
        return self.done[-1]


class FaultyPicture(TestPicture):
    """One opening of the test picture, which ends with a fault."""

    def __init__(self, faults: Faults) -> None:
        if time.monotonic() < faults.away_until_s:
            raise NoSignalError("The test picture has no signal.")
        super().__init__(faults.size, RATE)
        self._faults = faults
        self._interrupted = Event()

    def read(self) -> Frame | None:
        frame = super().read()
        fault = self._faults.due()
        if fault in (Fault.KILLED, Fault.STOPPED):
            self._signal(signal.SIGKILL if fault is Fault.KILLED else signal.SIGSTOP)
        elif fault is Fault.STALLED:
            self._interrupted.wait()
        elif fault is Fault.SIGNAL_AWAY:
            self._faults.away_until_s = time.monotonic() + AWAY_S
            raise NoSignalError("The test picture has lost its signal.")
        elif fault is not None:
            if fault is Fault.RESIZED:
                self._faults.size = SIZES[1 - SIZES.index(self._faults.size)]
            raise SourceLostError("The test picture was unplugged.")
        return frame

    def interrupt(self) -> None:
        self._interrupted.set()
        super().interrupt()

    def _signal(self, number: signal.Signals) -> None:
        pid = self._faults.segmenter.pid
        if pid is not None:
            os.kill(pid, number)


@dataclass(frozen=True, slots=True)
class FaultyRun:
    report: Report
    faults: tuple[Fault, ...]
    restarts: int
    """Of the source."""


def soak_under_faults(seconds: float) -> FaultyRun:
    """A supervised stand-in on a source at 60 frames/s; a fault every few seconds. Linux alone."""
    segmenter = SupervisedSegmenter(partial(stand_in))
    period_s = min(LONGEST_PERIOD_S, seconds / (len(Fault) + 1))
    faults = Faults(period_s, seconds - period_s / 2, segmenter)
    plan = BenchPlan(None, STAND_IN_MS, own_process=True, seconds=seconds, soak=True)
    with ReconnectingSource("test picture", partial(FaultyPicture, faults)) as source:
        report = bench(source, segmenter, plan, lambda _: None).report
        return FaultyRun(report, tuple(faults.done), source.signal.restarts)


def stand_in() -> Segmenter:
    return Segmenter(StandInBackend(ModelSpec(), STAND_IN_MS))
