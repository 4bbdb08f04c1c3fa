"""Where frames come from: the contract of every source, and its errors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from app.frame import Frame


class SourceError(Exception):
    """A source cannot be opened or went wrong; the message is one sentence with the repair."""


class SourceNotFoundError(SourceError):
    """There is no such file, folder or device."""


class SourceFormatError(SourceError):
    """It is there, but holds no picture that can be read."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What a source knows of itself after it is opened."""

    name: str
    """File name or device name, without its folder."""
    width: int
    height: int
    """Of the frames as given: rotation is already applied."""
    rate: Fraction
    """Mean frames per second."""
    time_base: Fraction
    """Seconds per tick; every ``pts_s`` is a whole number of ticks."""
    frame_count: int | None = None
    """Expected number of frames; a container may be wrong about it. None: unknown or live."""
    duration_s: float | None = None
    live: bool = False
    interlaced: bool = False
    rotation: int = 0
    """Degrees clockwise by which the stored picture was turned: 0, 90, 180 or 270."""
    codec: str = ""
    on_gpu: bool = False
    """Whether a GPU decodes it."""


@dataclass(frozen=True, slots=True)
class ReadReport:
    """What went wrong while reading, so far, or was passed over."""

    undecodable: int = 0
    """Packets or images that could not be decoded and were left out."""
    truncated: bool = False
    """The file ends before its own header says."""
    messages: tuple[str, ...] = ()
    """One sentence each, for the person."""
    dropped: int = 0
    """Frames of a live source that were lost on their way, or that nobody took before newer ones
    came."""
    mistimed: int = 0
    """Frames of a live source whose time was wrong and was mended."""
    hanging: int = 0
    """Threads that a live source's device or driver does not give back, now."""


class VideoSource(ABC):
    """A sequence of frames. One thread reads; ``interrupt`` may come from any other.

    Opening happens in the constructor of each source, which raises a ``SourceError``.
    """

    @property
    @abstractmethod
    def info(self) -> SourceInfo: ...

    @property
    @abstractmethod
    def report(self) -> ReadReport:
        """May be read from any thread."""

    @abstractmethod
    def read(self) -> Frame | None:
        """The next frame; None at the end, and soon after ``interrupt``; then None for good.

        Indices count up by one from 0, ``pts_s`` never falls.

        Raises:
            SourceError: nothing more can be read, and it is not simply the end.
        """

    @abstractmethod
    def interrupt(self) -> None:
        """Makes a waiting or later ``read`` give None soon. Any thread, any number of times."""

    @abstractmethod
    def close(self) -> None:
        """Gives files and devices back, once or twice; ``read`` then raises ``SourceError``."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class SeekableSource(VideoSource):
    """A source whose whole length is there from the start, such as a file."""

    @abstractmethod
    def seek(self, pts_s: float) -> None:
        """Makes the next ``read`` give the first frame whose own ``pts_s`` is not below this one.

        Past the last frame, ``read`` gives None, until the next ``seek``. The frame keeps the
        index that it has when everything before it is read; only where frames before it are
        damaged, and were not met yet, do they count too. The first call may take as long as
        reading the file once; ``interrupt`` ends it soon. Called by the thread that reads.

        Raises:
            SourceError: the source is closed, or nothing more can be read.
        """

    def list_frames(self, on_progress: Callable[[float], None]) -> None:
        """Does now what the first ``seek`` would have to, where that takes long.

        ``on_progress`` is told, now and then, which share in [0, 1] is done. ``interrupt`` ends it
        soon. Called by the thread that reads.

        Raises:
            SourceError: as ``seek``.
        """

    @property
    @abstractmethod
    def frame_times_s(self) -> NDArray[np.float64] | None:
        """``pts_s`` of every frame, in order; None before ``list_frames`` or the first ``seek``,
        or if unknown.

        Frames that turn out to be damaged are in it. Read-only.
        """
