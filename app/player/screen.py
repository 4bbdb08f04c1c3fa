"""What is on screen, and what was seen there so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.frame import Annotated, Frame
from app.pipeline.base import FrameSegmenter
from app.player.detection import Detection
from app.player.events import EventIndex, EventSnapshot
from app.player.shown import AiState, Shown
from app.player.thumbnails import Thumbnails, thumbnail
from app.sources.base import SourceInfo
from models.alert import AlertState
from models.regions import Findings
from models.segmentation import Segmentation
from models.spec import ModelSpec


@dataclass(frozen=True, slots=True)
class ScreenCounts:
    frames: int = 0
    masks: int = 0
    superseded: int = 0
    """Frames that were not shown because the person sought, stepped or froze the picture."""


class Pace(Protocol):
    """What decides which frames are shown, and when: a ``PacedSource``, or a ``LiveGate``."""

    @property
    def info(self) -> SourceInfo: ...

    @property
    def playing(self) -> bool:
        """Whether frames come by themselves."""
        ...

    @property
    def generation(self) -> int:
        """Frames of an earlier one are not to be shown."""
        ...

    @property
    def skipped(self) -> int:
        """Frames that were over before they could be shown."""
        ...

    def delivered(self) -> int | None:
        """Called once for each frame: its generation; None when it is not wanted any more."""
        ...


class Screen:
    """The sink of a session's pipelines, one after another: closing it changes nothing.

    Args:
        pace: asked about each frame that arrives.
        show: called with each refresh, one at a time.
    """

    def __init__(self, pace: Pace, detection: Detection, show: Callable[[Shown], None]) -> None:
        self.detection = detection
        """May be set by any thread; ``refresh`` applies it to the frame on screen."""
        self.spec = ModelSpec()
        """Of the network that runs; its threshold counts where ``detection`` names none."""
        self._pace = pace
        self._show = show
        self._reason = ""
        self._refreshing = Lock()
        self._shown: Shown | None = None
        self._alert_state = AlertState()
        self._remembering = Lock()
        self._events = EventIndex(float(1 / pace.info.rate), live=pace.info.live)
        self._thumbnails = Thumbnails()
        self._counts = ScreenCounts()

    @property
    def shown(self) -> Shown | None:
        return self._shown

    @property
    def counts(self) -> ScreenCounts:
        return self._counts

    @property
    def events(self) -> EventSnapshot:
        with self._remembering:
            return self._events.snapshot()

    def thumbnail(self, pts_s: float) -> NDArray[np.uint8] | None:
        with self._remembering:
            return self._thumbnails.get(pts_s)

    def write(self, annotated: Annotated) -> None:
        """Shows the frame, unless something else was asked for since it was given."""
        generation = self._pace.delivered()
        before = self._counts
        if generation is None:
            self._counts = ScreenCounts(before.frames, before.masks, before.superseded + 1)
            return
        masked = annotated.segmentation is not None
        self._counts = ScreenCounts(before.frames + 1, before.masks + masked, before.superseded)
        with self._refreshing:
            self._refresh(annotated.frame, annotated.segmentation, generation)

    def explain(self, reason: str) -> None:
        """Says why frames come without segmentation, when they do."""
        if reason != self._reason:
            self._reason = reason
            if self._shown is not None and self._shown.segmentation is None:
                self.refresh()

    def close(self) -> None:
        """The next pipeline goes on with this screen."""

    def refresh(self) -> None:
        """Shows the same frame again with what holds now, unless another was asked for."""
        with self._refreshing:
            shown = self._shown
            if shown is not None and shown.generation == self._pace.generation:
                self._refresh(shown.frame, shown.segmentation, shown.generation)

    def segment_again(self, segmenter: FrameSegmenter) -> None:
        """Gives a frame that stands still the mask that ``segmenter`` makes of it."""
        shown = self._shown
        if shown is None or self._pace.playing:
            return
        segmentation = segmenter.segment(shown.frame.picture, shown.frame.index)
        with self._refreshing:
            if self._shown is not None and self._shown.frame is shown.frame:
                self._refresh(shown.frame, segmentation, shown.generation)

    def _refresh(self, frame: Frame, segmentation: Segmentation | None, generation: int) -> None:
        detection, spec = self.detection, self.spec
        findings = None
        if segmentation is not None:
            findings = detection.find(segmentation, spec)
            self._remember(frame, findings)
        if self._shown is not None and self._shown.generation != generation:
            self._alert_state = AlertState()
        regions = () if findings is None else findings.regions
        self._alert_state = self._alert_state.advanced(regions, frame.pts_s)
        if not self._pace.playing:
            self._alert_state = self._alert_state.settled()
        self._shown = Shown(
            frame=frame,
            segmentation=segmentation,
            findings=findings,
            alerts=self._alert_state.alerts(detection.minimum_alert_ms),
            threshold=detection.threshold_for(spec),
            least_area=spec.least_area,
            generation=generation,
            ai=AiState.OFF if segmentation is None else AiState.READY,
            ai_reason=self._reason if segmentation is None else "",
            frames_dropped=self._pace.skipped,
        )
        self._show(self._shown)

    def _remember(self, frame: Frame, findings: Findings) -> None:
        with self._remembering:
            is_peak = self._events.add(frame.pts_s, findings.area_share, findings.peak_probability)
        if is_peak:
            small = thumbnail(frame.picture)
            with self._remembering:
                needed_s = [event.thumbnail_pts_s for event in self._events.snapshot().events]
                self._thumbnails.put(frame.pts_s, small, needed_s)
