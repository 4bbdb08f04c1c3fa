"""One live pipeline, running, and what can be read off it at any moment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from app.bench.latencies import Distribution
from app.bench.resources import Usage, usage
from app.bench.runtime import BenchSegmenter
from app.bench.stations import Stopwatch, TimedScreen, TimedSegmenter
from app.pipeline.mailbox import DropPolicy
from app.pipeline.metrics import PipelineSnapshot
from app.pipeline.pipeline import Pipeline
from app.sources.base import SourceError, VideoSource
from app.sources.tapped import TappedSource

WARM_UP_S = 2.0
"""After the first mask; by then every buffer was used once."""
SILENCE_LIMIT_S = 15.0
"""Before the first mask: a source that gives nothing for so long is given up."""
_POLL_S = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Moment:
    """Every counter since the start, at one moment."""

    to_mask: Distribution
    to_screen: Distribution
    masked: int
    """Frames that reached the screen with their mask."""
    lost: int
    """Frames that the source lost because nobody took them in time."""
    pipeline: PipelineSnapshot
    usage: Usage


class LiveRun:
    """Source, segmenter and what stands for the screen, joined as for live video.

    A context manager: it runs from entering to leaving. ``source`` stays the caller's.

    Args:
        threshold: probability in [0, 1] from which a pixel belongs to a region; None: the model's.
    """

    def __init__(
        self, source: VideoSource, segmenter: BenchSegmenter, threshold: float | None
    ) -> None:
        self._source = source
        self._stopwatch = Stopwatch()
        self._pipeline = Pipeline(
            TappedSource(source, self._stopwatch.captured),
            TimedSegmenter(segmenter, self._stopwatch),
            TimedScreen(self._stopwatch, lambda: segmenter.spec, threshold),
            DropPolicy.LATEST,
        )

    def __enter__(self) -> Self:
        self._pipeline.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pipeline.stop()
        self._pipeline.join()

    def warm_up(self) -> None:
        """Returns when masks have come for ``WARM_UP_S``, or the source has ended before.

        Raises:
            SourceError: no frame comes, or no more after some.
            Exception: what the segmenter failed with before its first mask.
        """
        frames, patience_s = -1, 0.0
        while not self.ended:
            snapshot = self._pipeline.snapshot()
            if snapshot.read.frames_out != frames:
                frames, patience_s = snapshot.read.frames_out, time.monotonic() + SILENCE_LIMIT_S
            if snapshot.segmenter_error is not None:
                raise snapshot.segmenter_error
            if snapshot.segment is not None and snapshot.segment.frames_out:
                time.sleep(WARM_UP_S)
                return
            if time.monotonic() > patience_s:
                raise SourceError(
                    f"{self._source.info.name} gives no frame; check its signal, or name another "
                    "source."
                )
            time.sleep(_POLL_S)

    @property
    def ended(self) -> bool:
        """Whether the source has ended. Raises what went wrong."""
        return self._pipeline.join(0.0)

    def moment(self) -> Moment:
        used = usage()  # first: the distributions of the next lines are memory too
        return Moment(
            self._stopwatch.to_mask.distribution(),
            self._stopwatch.to_screen.distribution(),
            self._stopwatch.masked,
            self._source.report.dropped,
            self._pipeline.snapshot(),
            used,
        )
