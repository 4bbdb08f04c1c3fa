"""Where the playing of a video stands, as immutable snapshots."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from app.pipeline.metrics import PipelineSnapshot
from app.player.shown import AiState
from app.sources.base import ReadReport, SourceInfo
from app.sources.live import Signal
from models.backends.base import BackendInfo

OpeningStep = Literal["opening", "indexing", "loading"]
"""The file is opened; the times of its frames are read; the network is loaded, while the video
plays."""

_generations = itertools.count(1)

LEAST_SPEED = 0.1
LARGEST_SPEED = 8.0


class PlaybackState(Enum):
    OPENING = "opening"
    """The file is opened and its frames are listed; ``progress`` tells how far."""
    PLAYING = "playing"
    PAUSED = "paused"
    """The picture stands still because the person wants it; what is live is captured all the same.
    """
    ENDED = "ended"
    """The last frame is on screen; ``play`` starts at the beginning again."""
    FAILED = "failed"
    """Nothing more can be shown; ``PlayerState.failure`` says why."""
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Span:
    """From ``start_s`` up to, and without, ``end_s``, in the video's time.

    Raises:
        ValueError: it is empty or starts before 0.
    """

    start_s: float
    end_s: float

    def __post_init__(self) -> None:
        if not 0 <= self.start_s < self.end_s:
            raise ValueError(f"a span from {self.start_s} s to {self.end_s} s holds no time")


WHOLE_VIDEO = Span(0.0, math.inf)
"""As a loop: the video from its start to its end."""


def next_generation() -> int:
    """Higher than any before, over all sessions of the process; see ``Shown.generation``."""
    return next(_generations)


def require_speed(speed: float) -> None:
    """Raises ValueError for a speed outside ``LEAST_SPEED`` to ``LARGEST_SPEED``."""
    if not LEAST_SPEED <= speed <= LARGEST_SPEED:
        raise ValueError(f"speed goes from {LEAST_SPEED} to {LARGEST_SPEED}, not {speed}")


@dataclass(frozen=True, slots=True)
class OpeningProgress:
    """How far the opening of a video is."""

    step: OpeningStep
    share: float | None
    """In [0, 1]; None where nobody knows. 1 ends ``loading``: the network runs, or was given up."""


@dataclass(frozen=True, slots=True)
class PlayerState:
    """A session at one moment."""

    playback: PlaybackState
    source: SourceInfo | None
    """None until the video is open."""
    duration_s: float | None
    """End of the last frame, as exact as known; None while unknown, and for endless sources."""
    seekable: bool
    speed: float
    loop: Span | None
    """The part that is played again and again, such as ``WHOLE_VIDEO``."""
    ai: AiState
    ai_reason: str
    """Why ``ai`` is not READY, one sentence; may be empty where nothing more is known."""
    runtime: BackendInfo | None
    """What segments; None until it runs, and while ``ai`` is OFF."""
    notices: tuple[str, ...]
    """One sentence for every faster runtime that was passed over, and for pictures left out."""
    report: ReadReport
    """What could not be read so far."""
    failure: str
    """Why ``playback`` is FAILED, one sentence; empty otherwise."""
    signal: Signal | None = None
    """Of a live source; None before it is open, and for recorded video."""
    input_size: int | None = None
    """Side in pixels of the input of what segments; None while ``runtime`` is."""


@dataclass(frozen=True, slots=True)
class PlayerStatistics:
    """Figures for the statistics panel."""

    pipeline: PipelineSnapshot | None
    """Of the pipeline that runs now; None before the first and after the last."""
    frames_shown: int
    frames_dropped: int
    """Over before they could be shown."""
    frames_superseded: int
    """Not shown because the person sought, stepped, or froze a live picture."""
    masks_shown: int
    frames_missed: int = 0
    """Of a live source: not taken before newer ones came."""
