"""Walks over the frames of a source, forwards, backwards and by time."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from app.frame import Frame
from app.sources.base import SeekableSource, VideoSource

_DAMAGED_IN_ROW = 100
"""Frames in a row that turn out to be damaged, after which a step back stays where it is."""


class FrameCursor:
    """Stands on the frame that was taken last and looks ahead. Belongs to the thread that reads.

    Every method may decode, and raises ``SourceError`` when nothing more can be read.
    """

    def __init__(self, source: VideoSource) -> None:
        self._source = source
        self._seekable = source if isinstance(source, SeekableSource) else None
        self._ahead: deque[Frame] = deque()
        self._gap = False
        """Frames between the last one and those ahead were dropped."""
        self._last: Frame | None = None

    @property
    def frame_s(self) -> float:
        """How long a frame lasts, on average."""
        return float(1 / self._source.info.rate)

    def peek(self, place: int) -> Frame | None:
        """The next frame but ``place``; None where the video ends before that."""
        while len(self._ahead) <= place:
            frame = self._source.read()
            if frame is None:
                return None
            self._ahead.append(frame)
        return self._ahead[place]

    def take(self) -> Frame:
        """Moves on to the frame that ``peek(0)`` gave last."""
        frame = self._ahead.popleft()
        if frame is not self._last:
            self._gap = False
        self._last = frame
        return frame

    def drop(self) -> None:
        """Leaves out the frame that ``peek(0)`` gave last."""
        self._ahead.popleft()
        self._gap = True

    def again(self) -> None:
        """Makes the last frame the next one again."""
        if self._last is not None and not self._comes_again():
            self._ahead.appendleft(self._last)

    def return_to(self, frame: Frame) -> None:
        """Stands on ``frame``, which was taken earlier, again; only where the source can seek."""
        if self._seekable is not None and frame is not self._last:
            self._last = frame
            self._ahead.clear()
            self._gap = True

    def seek(self, pts_s: float) -> None:
        """The next frame is the first at or after ``pts_s``; the last where that is past it."""
        if self._seekable is None:
            self.again()
            return
        self._seek(self._seekable, pts_s)
        if self.peek(0) is None:
            self._seek_before(self._seekable, math.inf, 1)

    def step(self, frames: int) -> None:
        """The next frame is the one so many after the last one, or before it; at most the ends."""
        if self._last is None:
            return
        if self._comes_again():
            self._ahead.popleft()
        if frames > 0:
            self._step_forward(self._last, frames)
        elif frames < 0 and self._seekable is not None:
            self._seek_before(self._seekable, self._last.pts_s, -frames)
        else:
            self.again()

    def _comes_again(self) -> bool:
        return bool(self._ahead) and self._ahead[0] is self._last

    def _step_forward(self, last: Frame, frames: int) -> None:
        if self._gap and self._seekable is not None:
            self._seek(self._seekable, last.pts_s)
            while (frame := self.peek(0)) is not None and frame.pts_s <= last.pts_s:
                self.drop()
        for _ in range(frames - 1):
            if self.peek(1) is None:
                break
            self.drop()
        if self.peek(0) is None:
            self.again()

    def _seek_before(self, source: SeekableSource, pts_s: float, frames: int) -> None:
        """The next frame is the one so many before ``pts_s``, or the first."""
        times_s = source.frame_times_s
        if times_s is None:
            wanted_s = self._scan_before(source, pts_s, frames)
            if wanted_s is None:
                self.again()
            else:
                self._seek(source, wanted_s)
            return
        place = max(0, int(np.searchsorted(times_s, pts_s)) - frames)
        for earlier in range(place, max(-1, place - _DAMAGED_IN_ROW), -1):
            self._seek(source, float(times_s[earlier]))
            frame = self.peek(0)
            # The listed frame may turn out to be damaged; then comes the one after it.
            if frame is not None and (frame.pts_s < pts_s or earlier == 0):
                return
        self.again()

    def _scan_before(self, source: SeekableSource, pts_s: float, frames: int) -> float | None:
        """The time of the frame so many before ``pts_s``, or of the first one, by decoding."""
        end_s = pts_s
        if math.isinf(end_s):
            end_s = max(source.info.duration_s or 0.0, self._last.pts_s if self._last else 0.0)
        reach_s = (frames + 0.5) * self.frame_s
        while True:
            start_s = max(0.0, end_s - reach_s)
            source.seek(start_s)
            times_s: deque[float] = deque(maxlen=frames)
            while (frame := source.read()) is not None and frame.pts_s < pts_s:
                times_s.append(frame.pts_s)
            if len(times_s) == frames or start_s == 0:
                return times_s[0] if times_s else None
            reach_s *= 2

    def _seek(self, source: SeekableSource, pts_s: float) -> None:
        self._ahead.clear()
        source.seek(pts_s)
