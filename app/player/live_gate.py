"""What of a live video reaches the screen: every frame until the person freezes the picture."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from app.frame import Annotated
from app.pipeline.base import Sink
from app.pipeline.mask_wait import LONGEST_MASK_WAIT_MS
from app.player.mask_watch import MaskWatch
from app.player.playback import next_generation
from app.sources.base import SourceInfo
from app.sources.live import LiveSource
from models.segmentation import Segmentation

OLDEST_MASK_S = LONGEST_MASK_WAIT_MS / 1000
"""A mask whose frame was captured longer ago is not shown any more, on its own frame neither."""


class LiveGate:
    """Stands between a live pipeline, whose sink it is, and the screen.

    The pipeline's thread writes; the controls may come from any.

    Args:
        source: where the frames come from.
        on_change: called when the picture was frozen or let go, on the thread that did it.
        on_mask: called with each segmentation that came in time, shown or not, on the pipeline's
            thread.
    """

    def __init__(
        self,
        source: LiveSource,
        on_change: Callable[[], None],
        on_mask: Callable[[Segmentation], None],
    ) -> None:
        self._source = source
        self._on_change = on_change
        self._on_mask = on_mask
        self._generation = next_generation()
        self._lock = Lock()
        self._playing = True
        self._screen: Sink | None = None
        self._arrived = 0
        self._skipped = 0
        self._masks = MaskWatch()

    @property
    def info(self) -> SourceInfo:
        return self._source.info

    @property
    def playing(self) -> bool:
        """Whether the picture moves; captured and segmented is all the same."""
        return self._playing

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def skipped(self) -> int:
        """Frames that the source gave and that newer ones overtook on their way."""
        return self._skipped

    @property
    def stale(self) -> bool:
        """Whether masks do not come, or seldom."""
        return self._masks.stale(time.monotonic_ns())

    def connect(self, screen: Sink) -> None:
        """``screen`` shows what passes; called once, before the first frame."""
        self._screen = screen

    def delivered(self) -> int | None:
        return self._generation if self._playing else None

    def play(self) -> None:
        self._set_playing(lambda _: True)

    def pause(self) -> None:
        self._set_playing(lambda _: False)

    def toggle(self) -> None:
        self._set_playing(lambda playing: not playing)

    def write(self, annotated: Annotated) -> None:
        """Takes the next frame of the pipeline."""
        frame = annotated.frame
        now_ns = time.monotonic_ns()
        self._arrived += 1
        self._skipped = frame.index + 1 - self._arrived
        if now_ns - frame.captured_ns > OLDEST_MASK_S * 1e9:
            annotated = Annotated(frame, None)
        self._masks.frame(annotated.segmentation is not None, now_ns)
        if annotated.segmentation is not None:
            self._on_mask(annotated.segmentation)
        assert self._screen is not None
        self._screen.write(annotated)

    def close(self) -> None:
        """The screen outlives the pipeline."""

    def _set_playing(self, change: Callable[[bool], bool]) -> None:
        with self._lock:
            self._playing = change(self._playing)
        self._on_change()
