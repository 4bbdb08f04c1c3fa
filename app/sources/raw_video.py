"""Raw frames, one after the other without any mark between them, from a descriptor."""

from __future__ import annotations

import os
import select
import time
from dataclasses import dataclass
from fractions import Fraction
from threading import Event, Lock

import numpy as np

from app.frame import Frame
from app.sources.base import ReadReport, SourceError, SourceInfo, VideoSource
from app.sources.live import NoSignalError
from app.sources.live_times import TIME_BASE
from models.picture import ColourMatrix, Picture, PixelFormat

_WAKE_S = 0.1
_LARGEST_SIDE = 8192


@dataclass(frozen=True, slots=True)
class RawVideoFormat:
    """What raw video cannot say itself. YUV is of limited range, and has the ``untagged`` matrix.

    Raises:
        ValueError: there is no such picture, as with an odd size in 4:2:0.
    """

    pixel_format: PixelFormat
    width: int
    height: int
    rate: Fraction
    """Frames per second."""

    def __post_init__(self) -> None:
        row_step, column_step = self.pixel_format.chroma_step
        if self.width <= 0 or self.height <= 0 or self.rate <= 0:
            raise ValueError("size and rate must be positive")
        if max(self.width, self.height) > _LARGEST_SIDE:
            raise ValueError(f"no side may be longer than {_LARGEST_SIDE} pixels")
        if self.height % row_step or self.width % column_step:
            raise ValueError(f"{self.pixel_format.value} has even sizes alone")

    @property
    def shape(self) -> tuple[int, ...]:
        """Of ``Picture.pixels``."""
        return self.pixel_format.shape(self.height, self.width)

    @property
    def matrix(self) -> ColourMatrix:
        return ColourMatrix.untagged(self.height)


class RawVideoSource(VideoSource):
    """Reads frames as they are written. Their time is that of their last byte.

    A frame that is cut off where the writer ends is left out and counted. ``interrupt`` ends a
    read within 0.1 s.

    Args:
        descriptor: closed by ``close``.
    """

    def __init__(self, name: str, descriptor: int, video: RawVideoFormat) -> None:
        self._name = name
        self._descriptor = descriptor
        self._format = video
        self._lock = Lock()
        self._interrupted = Event()
        self._closed = False
        self._index = 0
        self._first_ns = 0
        self._cut_off = 0

    @property
    def info(self) -> SourceInfo:
        return SourceInfo(
            name=self._name,
            width=self._format.width,
            height=self._format.height,
            rate=self._format.rate,
            time_base=TIME_BASE,
            live=True,
            codec=self._format.pixel_format.value,
        )

    @property
    def report(self) -> ReadReport:
        return ReadReport(undecodable=self._cut_off)

    def read(self) -> Frame | None:
        """
        Raises:
            SourceError: the writer has ended, or it is closed.
        """
        with self._lock:
            if self._closed:
                raise SourceError(f"{self._name} is closed; open it again")
            pixels = np.empty(self._format.shape, np.uint8)
            if not self._fill(pixels.reshape(-1).data):
                return None
            captured_ns = time.monotonic_ns()
            pixels.setflags(write=False)
            picture = Picture(pixels, self._format.pixel_format, self._format.matrix)
            if self._index == 0:
                self._first_ns = captured_ns
            ticks = (captured_ns - self._first_ns) // 1000
            frame = Frame(picture, self._index, float(ticks * TIME_BASE), captured_ns)
            self._index += 1
            return frame

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self.interrupt()
        with self._lock:
            if not self._closed:
                self._closed = True
                os.close(self._descriptor)

    def _fill(self, wanted: memoryview) -> bool:
        """Whether a whole frame came; False after ``interrupt``."""
        filled = 0
        while filled < len(wanted):
            if self._interrupted.is_set():
                return False
            if not select.select([self._descriptor], [], [], _WAKE_S)[0]:
                continue
            count = os.readv(self._descriptor, [wanted[filled:]])
            if count == 0:
                self._cut_off += filled > 0
                raise self._end()
            filled += count
        return True

    def _end(self) -> SourceError:
        """Why nothing more comes, once the writer has ended."""
        return NoSignalError(f"Nobody writes to {self._name} any more; start the writer again.")
