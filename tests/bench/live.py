"""What live video costs, and how late it is: ``run_app.py bench`` in processes of its own."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.report import FOLDER, Figure
from tests.locations import ROOT

DRAWING = FOLDER / "live-1080p60.svg"
SECONDS = 30
PAIRS = 3
"""Runs with and without a process of the segmenter's own, in turn."""
STAND_IN_MS = 3.0
_STAND_IN = ("--backend", "stand-in", "--stand-in-ms", str(STAND_IN_MS))
_QUARTER = 4


def measure() -> list[Figure]:
    """1080p60 with and without a process, then 4K30."""
    return [*_at_1080p60(), *_at_4k30()]


def _at_1080p60() -> list[Figure]:
    words = ("--size", "1920x1080", "--rate", "60", *_STAND_IN, "--seconds", str(SECONDS))
    in_thread, in_process = [], []
    for _ in range(PAIRS):
        in_thread.append(run_bench(*words, "--plot", str(DRAWING)))
        in_process.append(run_bench(*words, "--process"))
    extra_ms = [
        own["capture_to_mask_ms"]["p50"] - thread["capture_to_mask_ms"]["p50"]
        for own, thread in zip(in_process, in_thread, strict=True)
    ]
    note = f"stand-in of {STAND_IN_MS:g} ms; the worst of {PAIRS} runs of {SECONDS} s"
    return [
        Figure(
            "1080p60: frames later than one frame time",
            max(run["late_share"] for run in in_thread),
            "share",
            at_most=0.005,
            note=note,
        ),
        Figure(
            "1080p60: capture to mask, p99, over the stand-in",
            max(run["capture_to_mask_ms"]["p99"] for run in in_thread) - STAND_IN_MS,
            "ms",
            at_most=6.0,
            note=note,
        ),
        Figure(
            "1080p60: capture to screen, p99",
            max(run["capture_to_screen_ms"]["p99"] for run in in_thread),
            "ms",
            note=note,
        ),
        Figure(
            "1080p60: processor, without the network",
            max(run["cpu_share_of_one_core"] for run in in_thread),
            "core",
            at_most=0.60,
            note=note,
        ),
        Figure(
            "1080p60: what a process of its own adds, median",
            statistics.median(extra_ms),
            "ms",
            at_most=1.0,
            note=f"capture to mask; median of {PAIRS} pairs of runs",
        ),
    ]


def _at_4k30() -> list[Figure]:
    run = run_bench("--size", "3840x2160", "--rate", "30", *_STAND_IN, "--soak", "60s")
    note = f"stand-in of {STAND_IN_MS:g} ms, 60 s"
    return [
        Figure(
            "4K30: frames later than one frame time",
            run["late_share"],
            "share",
            at_most=0.01,
            note=note,
        ),
        Figure(
            "4K30: capture to screen, last quarter over first",
            drift(run, "to_screen_p99_ms"),
            "ratio",
            at_most=1.1,
            note="p99; a queue that grows would show here",
        ),
    ]


def run_bench(*words: str) -> dict[str, Any]:
    """The JSON of ``run_app.py bench WORDS``; a promise that is broken is no failure of its."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bench.json"
        command = [sys.executable, "run_app.py", "bench", *words, "--json", str(path)]
        subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
        report: dict[str, Any] = json.loads(path.read_text())
    if not report["finished"]:
        raise RuntimeError(f"{' '.join(command)} did not come to its end")
    return report


def drift(run: dict[str, Any], column: str) -> float:
    """The median of a soak's ``column`` in its last quarter over that in its first."""
    values: list[float] = [row[column] for row in run["soak"]["rows"]]
    quarter = max(len(values) // _QUARTER, 1)
    return statistics.median(values[-quarter:]) / statistics.median(values[:quarter])
