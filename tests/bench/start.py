"""From the command to the demo clip's first frame with a marker, when it is not the first start."""

from __future__ import annotations

import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from app.ui.log_file import LOG_FILE
from tests.app.command import RUN_APP
from tests.bench.report import Figure
from tests.bench.screen import environment
from tests.locations import DEMO_CLIP

STARTS = 5
MARKED = "the first frame with a marker is shown"
"""What the viewer's log says at that moment."""
_TIME_LENGTH = len("2026-01-31 12:00:00,000")
_PATIENCE_S = 60


def measure() -> list[Figure]:
    """The viewer, and what ``make run`` does without a screen; medians."""
    note = f"median of {STARTS} starts after a first one"
    return [
        Figure("start to first marked frame, viewer", _median_s(_viewer_s), "s", None, 2.0, note),
        Figure("start to first marked frame, replay", _median_s(_replay_s), "s", None, 5.0, note),
    ]


def _median_s(start: Callable[[Path], float]) -> float:
    took_s = []
    for _ in range(1 + STARTS):
        with tempfile.TemporaryDirectory() as folder:
            took_s.append(start(Path(folder)))
    return statistics.median(took_s[1:])


def _viewer_s(folder: Path) -> float:
    """By the log: reading it again and again takes nothing from the viewer that matters."""
    log = folder / "polyplens" / LOG_FILE
    places = {"XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder)}
    begun_s = time.time()
    process = subprocess.Popen(
        [*RUN_APP, "view", str(DEMO_CLIP)],
        env=environment() | places,
        stderr=subprocess.DEVNULL,
    )
    try:
        while (moment_s := _marked_s(log)) is None:
            if process.poll() is not None or time.time() > begun_s + _PATIENCE_S:
                raise RuntimeError("the viewer showed no marker")
            time.sleep(0.1)
    finally:
        process.terminate()
        process.wait()
    return moment_s - begun_s


def _marked_s(log: Path) -> float | None:
    """Seconds since the epoch; None as long as there is no marker."""
    lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
    for line in lines:
        if line.endswith(MARKED):
            moment = datetime.strptime(line[:_TIME_LENGTH], "%Y-%m-%d %H:%M:%S,%f")
            return moment.timestamp()
    return None


def _replay_s(folder: Path) -> float:
    """Of the first frame alone, to the end of the process: its files are complete by then."""
    begun_s = time.monotonic()
    subprocess.run(
        [*RUN_APP, "replay", str(DEMO_CLIP), "--end", "0.02", "-o", str(folder / "out")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return time.monotonic() - begun_s
