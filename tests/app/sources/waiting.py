"""Waiting for what other threads and processes do."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from pathlib import Path
from threading import Event, Thread

from app.frame import Frame
from app.sources.live import LiveSource, Signal, SignalState

HANG_S = 20.0
"""Nothing under test takes so long on any machine."""


def wait_until(holds: Callable[[], bool], limit_s: float = HANG_S) -> None:
    """Returns as soon as it holds.

    Raises:
        TimeoutError: it never did.
    """
    until_s = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > until_s:
            raise TimeoutError(f"nothing came of it within {limit_s:g} s")
        time.sleep(0.002)


def wait_for_state(source: LiveSource, state: SignalState, limit_s: float = HANG_S) -> Signal:
    """The first signal that has this state."""
    wait_until(lambda: source.signal.state is state, limit_s)
    return source.signal


def held() -> tuple[int, int] | None:
    """Descriptors and threads of this process; None where the system does not tell."""
    descriptors, threads = Path("/proc/self/fd"), Path("/proc/self/task")
    if not descriptors.is_dir():
        return None
    gc.collect()
    return len(list(descriptors.iterdir())), len(list(threads.iterdir()))


def has_ended(pid: int) -> bool:
    """Whether that process of Linux has; its parent may not have asked for it yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


class Viewer:
    """Takes every frame of a source as soon as it comes, as the pipeline does."""

    def __init__(self, source: LiveSource) -> None:
        self._source = source
        self.frames: list[Frame] = []
        self.ended = Event()
        self._thread = Thread(target=self._view)
        self._thread.start()

    def __enter__(self) -> Viewer:
        return self

    def __exit__(self, *_: object) -> None:
        self._source.interrupt()
        self._thread.join(HANG_S)

    def _view(self) -> None:
        while (frame := self._source.read()) is not None:
            self.frames.append(frame)
        self.ended.set()
