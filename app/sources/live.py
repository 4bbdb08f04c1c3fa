"""What is live: the contract of sources whose signal comes and goes."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from app.sources.base import SourceError, VideoSource
from models.picture import PixelFormat


class SourceLostError(SourceError):
    """What was open is gone: unplugged, stalled, or of another size or format than before."""


class NoSignalError(SourceError):
    """The device is there, and no picture reaches it."""


class SignalState(Enum):
    """What a live source has to show now."""

    LIVE = "live"
    STALLED = "stalled"
    """No frame has come for longer than the source's own rate allows."""
    FROZEN = "frozen"
    """Frames come, and have been the same byte for byte for longer than a camera's noise allows."""
    NO_SIGNAL = "no signal"
    """The device, the stream or the picture on its cable is away; it is being waited for."""
    FAILED = "failed"
    """It broke down so often that it is not opened again until ``LiveSource.retry``."""


@dataclass(frozen=True, slots=True)
class Signal:
    """The state of a live source at one moment."""

    state: SignalState
    sentence: str = ""
    """What is wrong and how to mend it; empty while LIVE."""
    since_ns: int = 0
    """``time.monotonic_ns()`` when this state began."""
    restarts: int = 0
    """How often the source was opened again after it had given frames."""


@dataclass(frozen=True, slots=True)
class CaptureWish:
    """What a person asks of a capture device; what is None is left to the negotiation."""

    width: int | None = None
    height: int | None = None
    rate: Fraction | None = None
    """Frames per second."""
    pixel_format: PixelFormat | None = None


class LiveSource(VideoSource):
    """A source that survives the loss of its signal.

    While nothing comes ``read`` waits, however long; it gives None after ``interrupt`` alone, and
    raises only once it is closed. ``info`` changes when the signal comes back with another size or
    rate. Indices go on over every loss.
    """

    @property
    @abstractmethod
    def signal(self) -> Signal:
        """May be read from any thread, at any time, and answers at once."""

    @abstractmethod
    def retry(self) -> None:
        """Opens it again although it had FAILED; otherwise does nothing. Any thread."""
