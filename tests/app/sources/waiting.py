"""Waiting for what a live source does."""

from __future__ import annotations

from threading import Event, Thread

from app.frame import Frame
from app.sources.live import LiveSource, Signal, SignalState
from tests.waiting import HANG_S, wait_until


def wait_for_state(source: LiveSource, state: SignalState) -> Signal:
    """The first signal that has this state."""
    wait_until(lambda: source.signal.state is state, f"the state {state.value!r}")
    return source.signal


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
