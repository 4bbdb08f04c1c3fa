"""A part of another source."""

from __future__ import annotations

from dataclasses import replace
from math import ceil

from app.frame import Frame
from app.sources.base import ReadReport, SeekableSource, SourceInfo, VideoSource


class Excerpt(VideoSource):
    """The frames of ``source`` from ``start_s`` up to, and without, ``end_s``.

    Frames keep their index and time. What cannot be sought is read and left out. Closing it closes
    ``source``.

    Args:
        start_s: seconds from the start of the video, 0 or more.
        end_s: seconds from the start of the video, or None for its end.
    """

    def __init__(self, source: VideoSource, start_s: float, end_s: float | None) -> None:
        self._source = source
        self._start_s = start_s
        self._end_s = end_s
        self._begun = False
        self._ended = False

    @property
    def info(self) -> SourceInfo:
        whole = self._source.info
        if self._start_s == 0 and self._end_s is None:
            return whole
        if whole.duration_s is None:
            return replace(whole, frame_count=None)
        end_s = whole.duration_s if self._end_s is None else min(self._end_s, whole.duration_s)
        duration_s = max(0.0, end_s - self._start_s)
        return replace(whole, duration_s=duration_s, frame_count=ceil(duration_s * whole.rate))

    @property
    def report(self) -> ReadReport:
        return self._source.report

    def read(self) -> Frame | None:
        if self._ended:
            return None
        frame = self._source.read() if self._begun else self._first()
        if frame is None or (self._end_s is not None and frame.pts_s >= self._end_s):
            self._ended = True
            return None
        return frame

    def interrupt(self) -> None:
        self._source.interrupt()

    def close(self) -> None:
        self._source.close()

    def _first(self) -> Frame | None:
        self._begun = True
        if self._start_s == 0:
            return self._source.read()  # a first seek may read the whole file
        if isinstance(self._source, SeekableSource):
            self._source.seek(self._start_s)
            return self._source.read()
        while (frame := self._source.read()) is not None and frame.pts_s < self._start_s:
            pass
        return frame
