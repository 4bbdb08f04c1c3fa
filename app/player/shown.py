"""What the screen shows at one moment."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import Self

from app.frame import Frame
from models.regions import Findings, Region
from models.segmentation import Segmentation


class AiState(Enum):
    """What the person may expect of the marker."""

    READY = "ready"
    """Every frame comes with its own mask."""
    STALE = "stale"
    """The video plays, but no mask has come for a while."""
    OFF = "off"
    """Frames are shown without segmentation; the reason stands beside it."""
    NO_SIGNAL = "no signal"
    """There is no video."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One refresh of the screen: a frame and what belongs to it. Nothing in it changes later."""

    frame: Frame
    segmentation: Segmentation | None
    """Of this very frame; None where it was not segmented."""
    findings: Findings | None
    """What reaches the threshold; None where ``segmentation`` is."""
    alerts: tuple[Region, ...]
    """Those of ``findings.regions`` that are to be marked: during play those that lasted for the
    minimum duration of an alert; on a frame that was sought or stepped to, all of them."""
    threshold: float
    """Probability in [0, 1] by which ``findings`` was made."""
    least_area: float
    """Share of the endoscope's picture, in [0, 1], below which regions were dropped."""
    generation: int
    """Rises with every seek, step and opening, over all sessions of the process; what carries a
    lower one than ``PlayerSession.generation`` is not to be shown any more."""
    ai: AiState
    ai_reason: str
    """Why ``ai`` is OFF, one sentence; empty otherwise."""
    frames_dropped: int
    """Frames of the video, since it was opened, that were over before they could be shown."""

    def without_mask(self) -> Self:
        """The same picture with nothing marked on it."""
        return replace(self, segmentation=None, findings=None, alerts=())
