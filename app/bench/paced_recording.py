"""A recording as a capture card would deliver it: live, at its own pace, again and again."""

from __future__ import annotations

import time
from dataclasses import replace
from fractions import Fraction

from app.frame import Frame
from app.sources.base import ReadReport, SeekableSource, SourceError, SourceInfo, VideoSource
from app.sources.capture_clock import CaptureClock


class PacedRecording(VideoSource):
    """The frames of ``source`` at its own rate or another, from the start again after the last.

    Each is decoded before it is due and held until then; one that is decoded too late counts as
    captured when it was. A source that cannot seek ends. Closing closes ``source``.

    Args:
        rate: frames per second; None: the recording's own.
    """

    def __init__(self, source: VideoSource, rate: Fraction | None) -> None:
        self._source = source
        self._rate = rate or source.info.rate
        self._clock = CaptureClock(self._rate)
        self._given = 0

    @property
    def info(self) -> SourceInfo:
        return replace(
            self._source.info,
            rate=self._rate,
            time_base=1 / self._rate,
            frame_count=None,
            duration_s=None,
            live=True,
        )

    @property
    def report(self) -> ReadReport:
        return replace(self._source.report, dropped=self._clock.lost)

    def read(self) -> Frame | None:
        decoded = self._next_of_source()
        decoded_ns = time.monotonic_ns()
        tick = self._clock.wait()
        if tick is None:
            return None
        if decoded is None:
            if self._given == 0:
                raise SourceError(f"{self.info.name} has no frame; name another recording.")
            return None
        index = self._given
        self._given += 1
        captured_ns = max(tick.due_ns, decoded_ns)
        return Frame(decoded.picture, index, float(tick.number / self._rate), captured_ns)

    def interrupt(self) -> None:
        self._source.interrupt()
        self._clock.interrupt()

    def close(self) -> None:
        self._clock.interrupt()
        self._source.close()

    def _next_of_source(self) -> Frame | None:
        frame = self._source.read()
        if frame is None and isinstance(self._source, SeekableSource):
            self._source.seek(0.0)
            frame = self._source.read()
        return frame
