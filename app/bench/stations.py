"""Where a frame is timed on its way: behind the source, behind the network, at the screen."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from app.bench.latencies import Latencies
from app.frame import Annotated, Frame
from app.pipeline.base import FrameSegmenter, InterruptibleSegmenter
from models.picture import Picture
from models.regions import find_regions
from models.segmentation import Segmentation
from models.spec import ModelSpec

_REMEMBERED = 256
"""Frames whose capture is remembered for their mask: more than are ever on their way."""


class Stopwatch:
    """Takes the times of the frames; each station calls it from its own thread."""

    def __init__(self) -> None:
        self.to_mask = Latencies()
        """From capture to the mask, of every frame that was segmented, shown with it or not."""
        self.to_screen = Latencies()
        """From capture to the screen."""
        self.masked = 0
        """Frames that reached the screen with their mask."""
        self._captured = [(-1, 0)] * _REMEMBERED

    def captured(self, frame: Frame) -> None:
        self._captured[frame.index % _REMEMBERED] = (frame.index, frame.captured_ns)

    def segmented(self, frame_index: int) -> None:
        index, captured_ns = self._captured[frame_index % _REMEMBERED]
        if index == frame_index:
            self.to_mask.add((time.monotonic_ns() - captured_ns) / 1e6)

    def shown(self, annotated: Annotated) -> None:
        self.to_screen.add((time.monotonic_ns() - annotated.frame.captured_ns) / 1e6)
        self.masked += annotated.segmentation is not None


class TimedSegmenter:
    """``segmenter``, whose answers are timed as they leave it."""

    def __init__(self, segmenter: FrameSegmenter, stopwatch: Stopwatch) -> None:
        self._segmenter = segmenter
        self._stopwatch = stopwatch

    def __enter__(self) -> Self:
        self._segmenter.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._segmenter.__exit__(kind, error, trace)

    def interrupt(self) -> None:
        if isinstance(self._segmenter, InterruptibleSegmenter):
            self._segmenter.interrupt()

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        segmentation = self._segmenter.segment(picture, frame_index)
        self._stopwatch.segmented(frame_index)
        return segmentation


class TimedScreen:
    """Stands where the viewer's screen would be, and finds the regions as that does.

    A frame is on it once they are found: what is drawn, and when, is not measured.

    Args:
        spec: of the model that made the masks; asked once there is one.
        threshold: probability in [0, 1] from which a pixel belongs to a region; None: the model's.
    """

    def __init__(
        self, stopwatch: Stopwatch, spec: Callable[[], ModelSpec], threshold: float | None
    ) -> None:
        self._stopwatch = stopwatch
        self._spec = spec
        self._threshold = threshold

    def write(self, annotated: Annotated) -> None:
        if annotated.segmentation is not None:
            spec = self._spec()
            threshold = spec.threshold if self._threshold is None else self._threshold
            find_regions(annotated.segmentation, threshold, spec.least_area, spec.core_margin)
        self._stopwatch.shown(annotated)

    def close(self) -> None: ...
