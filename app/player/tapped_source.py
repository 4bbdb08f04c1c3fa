"""A live source of which somebody else sees every frame too."""

from __future__ import annotations

from collections.abc import Callable

from app.frame import Frame
from app.sources.base import ReadReport, SourceInfo
from app.sources.live import LiveSource, Signal


class TappedSource(LiveSource):
    """``source``, unchanged.

    Args:
        on_frame: called with each frame that was read, and what was known of the source then, on
            the thread that reads; must return at once.
    """

    def __init__(self, source: LiveSource, on_frame: Callable[[Frame, SourceInfo], None]) -> None:
        self._source = source
        self._on_frame = on_frame

    @property
    def info(self) -> SourceInfo:
        return self._source.info

    @property
    def report(self) -> ReadReport:
        return self._source.report

    @property
    def signal(self) -> Signal:
        return self._source.signal

    def retry(self) -> None:
        self._source.retry()

    def read(self) -> Frame | None:
        frame = self._source.read()
        if frame is not None:
            self._on_frame(frame, self._source.info)
        return frame

    def interrupt(self) -> None:
        self._source.interrupt()

    def close(self) -> None:
        self._source.close()
