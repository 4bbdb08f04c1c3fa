"""What recording takes from live video at 1080p60: one session with it and one without, in turn."""

from __future__ import annotations

import statistics
import tempfile
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from app.player.recorder import RecordingState
from app.player.shown import Shown
from app.sources.test_picture import TestPicture
from tests.app.player.live_watching import watched_live
from tests.app.player.watching import Watcher
from tests.bench.report import Figure
from tests.waiting import wait_until

SIZE, RATE = (1920, 1080), 60
SECONDS = 20
WARM_UP_S = 3.0
PAIRS = 3


@dataclass(frozen=True, slots=True)
class Run:
    """One session, from its warm-up to its end."""

    delays_ms: list[float]
    """From capture to the screen, of each frame that was shown."""
    cores: float
    """Processor time over the time that passed."""
    left_out: int
    """Frames that came, and are not in the recording."""


class _Clock(Watcher):
    """Keeps how old each frame was when it was first shown, and no picture."""

    def __init__(self) -> None:
        super().__init__()
        self.delays_ms: list[float] = []
        self._newest = -1

    def on_shown(self, shown: Shown) -> None:
        frame = shown.frame
        if frame.index > self._newest:
            self._newest = frame.index
            self.delays_ms.append((time.monotonic_ns() - frame.captured_ns) / 1e6)


def measure() -> list[Figure]:
    """The picture is rendered beforehand and no network runs: what is left is show and record."""
    without, recorded = [], []
    for _ in range(PAIRS):
        without.append(_run(recording=False))
        recorded.append(_run(recording=True))
    note = f"no network; the worst of {PAIRS} runs of {SECONDS} s"
    more_cores = [one.cores - other.cores for one, other in zip(recorded, without, strict=True)]
    return [
        Figure("1080p60: capture to screen, p99", max(map(_p99_ms, without)), "ms", note=note),
        Figure(
            "1080p60, recorded: capture to screen, p99",
            max(map(_p99_ms, recorded)),
            "ms",
            at_most=1000 / RATE,
            note=note,
        ),
        Figure(
            "1080p60, recorded: frames that reached no screen",
            max(1 - len(run.delays_ms) / (RATE * SECONDS) for run in recorded),
            "share",
            at_most=0.005,
            note=note,
        ),
        Figure(
            "1080p60, recorded: frames left out of the recording",
            max(run.left_out for run in recorded),
            "frames",
            note=note,
        ),
        Figure(
            "1080p60: processor that recording adds",
            statistics.median(more_cores),
            "core",
            note=f"median of {PAIRS} pairs of runs",
        ),
    ]


def _run(*, recording: bool) -> Run:
    clock = _Clock()
    with (
        tempfile.TemporaryDirectory() as folder,
        watched_live(lambda: TestPicture(SIZE, Fraction(RATE)), watcher=clock) as (session, _),
    ):
        wait_until(lambda: bool(clock.delays_ms), "it is shown")
        if recording:
            session.start_recording(Path(folder))
        time.sleep(WARM_UP_S)
        shown, begun_s, used_s = len(clock.delays_ms), time.monotonic(), time.process_time()
        time.sleep(SECONDS)
        delays_ms = clock.delays_ms[shown:]
        cores = (time.process_time() - used_s) / (time.monotonic() - begun_s)
        left_out = 0
        if recording:
            status = session.recording
            assert status is not None
            assert status.state is RecordingState.RECORDING, status.outcome
            left_out = status.dropped
    return Run(delays_ms, cores, left_out)


def _p99_ms(run: Run) -> float:
    return float(np.percentile(run.delays_ms, 99))
