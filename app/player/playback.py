"""Where the playing of a video stands, as immutable snapshots."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from app.pipeline.metrics import PipelineSnapshot
from app.player.shown import AiState
from app.sources.base import ReadReport, SourceInfo
from models.backends.base import BackendInfo

OpeningStep = Literal["opening", "indexing", "loading"]
"""The file is opened; the times of its frames are read; the network is loaded, while the video
plays."""

LEAST_SPEED = 0.1
LARGEST_SPEED = 8.0


class PlaybackState(Enum):
    OPENING = "opening"
    """The file is opened and its frames are listed; ``progress`` tells how far."""
    PLAYING = "playing"
    PAUSED = "paused"
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
    """Why ``ai`` is OFF, one sentence; empty otherwise."""
    runtime: BackendInfo | None
    """What segments; None until it runs, and while ``ai`` is OFF."""
    notices: tuple[str, ...]
    """One sentence for every faster runtime that was passed over."""
    report: ReadReport
    """What could not be read so far."""
    failure: str
    """Why ``playback`` is FAILED, one sentence; empty otherwise."""


@dataclass(frozen=True, slots=True)
class PlayerStatistics:
    """Figures for the statistics panel."""

    pipeline: PipelineSnapshot | None
    """Of the pipeline that runs now; None before the first and after the last."""
    frames_shown: int
    frames_dropped: int
    """Over before they could be shown."""
    frames_superseded: int
    """Segmented, but not shown because a seek or step came between."""
    masks_shown: int
