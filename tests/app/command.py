"""Runs the application as a person does: as a process of its own."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from tests.locations import ROOT

RUN_APP = [sys.executable, str(ROOT / "run_app.py")]
ONE_RUNTIME = ("--backend", "onnxruntime")
"""The runtime that starts fastest."""


def run_app(*words: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Runs ``python run_app.py WORDS`` to its end."""
    command = [*RUN_APP, *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def decoded(path: Path) -> list[av.VideoFrame]:
    """As many frames as there are before the file is damaged, if it is."""
    frames: list[av.VideoFrame] = []
    with av.open(str(path)) as container, suppress(av.FFmpegError):
        frames.extend(container.decode(video=0))
    return frames


def times(frames: Iterable[av.VideoFrame]) -> list[Fraction]:
    """In seconds."""
    stamps = []
    for frame in frames:
        assert frame.pts is not None
        assert frame.time_base is not None
        stamps.append(frame.pts * frame.time_base)
    return stamps


def masks(path: Path) -> list[NDArray[np.uint8]]:
    """(height, width) each, 0 or 255."""
    return [frame.to_ndarray(format="gray").astype(np.uint8) for frame in decoded(path)]


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "frames.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def summary(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return content
