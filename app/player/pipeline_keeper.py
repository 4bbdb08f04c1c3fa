"""Keeps a video running: with its segmenter while that works, without it otherwise."""

from __future__ import annotations

import logging

from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import PipelineSnapshot
from app.pipeline.pipeline import Pipeline
from app.player.paced_source import PacedSource
from app.player.screen import Screen
from app.player.segmenter_thread import LOADING, SWITCHED_OFF, SegmenterError, SegmenterThread
from app.player.shown import AiState

STALE_AFTER_S = 0.5
"""So long may a frame wait for its mask before the state is STALE."""

_log = logging.getLogger(__name__)


class PipelineKeeper:
    """Runs one pipeline after another from ``source`` to ``screen``.

    One thread calls ``tend`` again and again, and in the end ``end``; any thread may read the
    properties. ``segmenter`` belongs to the caller; None: no segmentation.
    """

    def __init__(
        self, source: PacedSource, screen: Screen, segmenter: SegmenterThread | None
    ) -> None:
        self.segmenter = segmenter
        """Where another is set, a new pipeline begins with that one as soon as it is ready."""
        self._source = source
        self._screen = screen
        self._pipeline: Pipeline | None = None
        self._in_use: SegmenterThread | None = None
        """What frames go through now."""
        self._silence = ""

    @property
    def segments(self) -> bool:
        """Whether frames go through the segmenter now."""
        return self._in_use is not None

    @property
    def ai(self) -> tuple[AiState, str]:
        """The state, and why it is OFF."""
        if self._in_use is None:
            return AiState.OFF, self._reason()
        stale = self._source.in_flight_s > STALE_AFTER_S
        return AiState.STALE if stale else AiState.READY, ""

    @property
    def snapshot(self) -> PipelineSnapshot | None:
        """Figures of the newest pipeline; None before the first."""
        pipeline = self._pipeline
        return None if pipeline is None else pipeline.snapshot()

    @property
    def segment_p50_ms(self) -> float:
        """As ``Pipeline`` has it, of the newest one; 0 before the first."""
        pipeline = self._pipeline
        return 0.0 if pipeline is None else pipeline.segment_p50_ms

    def tend(self) -> None:
        """Starts a pipeline where none runs, and a new one where the segmenter can join in.

        Raises:
            SourceError: nothing more can be read.
        """
        pipeline = self._pipeline
        if pipeline is not None and self._in_use is not self.segmenter and self._ready():
            pipeline.stop()
            self._joined(pipeline, None)
            pipeline = None
        if pipeline is None or self._joined(pipeline, 0.0):
            self._launch()
        self._screen.explain(self._reason())

    def end(self) -> None:
        """Stops the pipeline and waits for its threads; what they failed with is logged."""
        if self._pipeline is None:
            return
        self._pipeline.stop()
        try:
            self._joined(self._pipeline, None)
        except Exception:  # noqa: BLE001 - nobody watches this video any more
            _log.exception("a pipeline that was told to end failed")

    def _launch(self) -> None:
        segmenter = self.segmenter if self._ready() else None
        if segmenter is not None and segmenter.loaded is not None:
            self._screen.spec = segmenter.loaded.spec
            self._silence = ""
        self._source.resume()
        # Each frame waits for its own mask. The source skips those that are over by then.
        pipeline = Pipeline(self._source, segmenter, self._screen, DropPolicy.EVERY, capacity=1)
        self._in_use = segmenter
        self._pipeline = pipeline
        pipeline.start()

    def _joined(self, pipeline: Pipeline, timeout_s: float | None) -> bool:
        """Whether it has ended; that the segmenter failed is no failure of the video."""
        try:
            return pipeline.join(timeout_s)
        except SegmenterError as error:
            self._silence = str(error)
            return True

    def _ready(self) -> bool:
        return self.segmenter is not None and self.segmenter.ready

    def _reason(self) -> str:
        segmenter = self.segmenter
        if segmenter is None:
            return SWITCHED_OFF
        return segmenter.failure or (LOADING if segmenter.loaded is None else self._silence)
