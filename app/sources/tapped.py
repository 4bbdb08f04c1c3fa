"""A source of which somebody else sees every frame too."""

from __future__ import annotations

from collections.abc import Callable

from app.frame import Frame
from app.sources.base import ReadReport, SourceInfo, VideoSource


class TappedSource(VideoSource):
    """``source``, unchanged.

    Args:
        on_frame: called with each frame that was read, on the thread that reads; must return at
            once.
    """

    def __init__(self, source: VideoSource, on_frame: Callable[[Frame], None]) -> None:
        self._source = source
        self._on_frame = on_frame

    @property
    def info(self) -> SourceInfo:
        return self._source.info

    @property
    def report(self) -> ReadReport:
        return self._source.report

    def read(self) -> Frame | None:
        frame = self._source.read()
        if frame is not None:
            self._on_frame(frame)
        return frame

    def interrupt(self) -> None:
        self._source.interrupt()

    def close(self) -> None:
        self._source.close()
