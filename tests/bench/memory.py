"""Resident memory of ``run_app.py replay`` over ten minutes of 1080p."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

import psutil

from tests.bench.clip import recorded_clip
from tests.bench.report import Figure
from tests.locations import ROOT

MINUTES = 10
RATE = 5
"""Frames a second of the clip: ten minutes at 30 would take half an hour on two cores."""


def measure() -> list[Figure]:
    """The peak, and the growth from the run's first quarter (without start-up) to its last."""
    clip = recorded_clip(MINUTES * 60 * RATE, RATE)
    resident_mb = []
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "run_app.py", "replay", str(clip), "-o", f"{folder}/out"]
        process = psutil.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        while process.poll() is None:
            try:
                resident_mb.append(process.memory_info().rss / 1e6)
            except psutil.Error:
                break
            time.sleep(1)
        if process.wait() != 0:
            raise RuntimeError(f"{' '.join(command)} ended with exit code {process.returncode}")
    quarter = len(resident_mb) // 4
    early, late = max(resident_mb[10:quarter]), max(resident_mb[-quarter:])
    note = f"{MINUTES} minutes at {RATE} frames/s, {MINUTES * 60 * RATE} frames"
    return [
        Figure("peak resident memory of replay", max(resident_mb), "MB", at_most=900, note=note),
        Figure(
            "growth from the first quarter to the last", late / early - 1, "share", at_most=0.02
        ),
    ]
