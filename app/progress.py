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

    def show(self, source: SourceInfo, snapshot: PipelineSnapshot) -> None:
        if time.monotonic() < self._next_s:
            return
        self._next_s += _LINE_EVERY_S
        frames, rate = snapshot.deliver.frames_out, snapshot.deliver.frames_per_s
        line = f"{source.name}: {frames}"
        if source.frame_count is not None:
            line += f" of {source.frame_count}"
        line += f" frames, {rate:.1f} frames/s"
        if source.frame_count is not None and rate > 0:
            left_s = max(0, source.frame_count - frames) / rate
            line += f", {left_s / 60:.0f} min left" if left_s >= 90 else f", {left_s:.0f} s left"
        with suppress(OSError):  # whoever read it has gone; the replay goes on
            sys.stderr.write(f"{line}\n")

    def close(self) -> None:
        """Every line is complete."""
