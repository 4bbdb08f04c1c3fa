"""How far a replay is, on standard error: a bar on a terminal, now and then a line elsewhere."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import Never, Protocol

from tqdm import tqdm

from app.pipeline.metrics import PipelineSnapshot
from app.sources.base import SourceInfo

_LINE_EVERY_S = 10.0


class ProgressDisplay(Protocol):
    """Shows the progress of one input."""

    def show(self, source: SourceInfo, snapshot: PipelineSnapshot) -> None: ...

    def close(self) -> None: ...


def progress_display() -> ProgressDisplay:
    """What suits standard error."""
    return _Bar() if sys.stderr.isatty() else _Lines()


class _Bar:
    def __init__(self) -> None:
        self._bar: tqdm[Never] | None = None

    def show(self, source: SourceInfo, snapshot: PipelineSnapshot) -> None:
        if self._bar is None:
            self._bar = tqdm(
                total=source.frame_count, desc=source.name, unit=" frames", dynamic_ncols=True
            )
        self._bar.update(snapshot.deliver.frames_out - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


class _Lines:
    def __init__(self) -> None:
        self._next_s = time.monotonic() + _LINE_EVERY_S
        self._begun_s: float | None = None

    def show(self, source: SourceInfo, snapshot: PipelineSnapshot) -> None:
        now_s = time.monotonic()
        if self._begun_s is None and snapshot.read.frames_out:
            self._begun_s = now_s
        if now_s < self._next_s:
            return
        self._next_s += _LINE_EVERY_S
        elapsed_s = now_s - (now_s if self._begun_s is None else self._begun_s)
        line = progress_line(source, snapshot.deliver.frames_out, elapsed_s)
        with suppress(OSError):  # whoever read it has gone; the replay goes on
            sys.stderr.write(f"{line}\n")

    def close(self) -> None:
        """Every line is complete."""


def progress_line(source: SourceInfo, frames: int, elapsed_s: float) -> str:
    """How far ``source`` is after ``frames`` frames, ``elapsed_s`` after the first was read."""
    of_all = "" if source.frame_count is None else f" of {source.frame_count}"
    line = f"{source.name}: {frames}{of_all} frames"
    if not frames or not elapsed_s:
        return line
    line += f", {frames / elapsed_s:.1f} frames/s"
    if source.frame_count is None:
        return line
    left_s = max(0, source.frame_count - frames) * elapsed_s / frames
    return f"{line}, {left_s / 60:.0f} min left" if left_s >= 90 else f"{line}, {left_s:.0f} s left"
