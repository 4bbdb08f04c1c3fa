"""How long live frames wait for their segmentation, and which are left out for it."""

from __future__ import annotations

from collections.abc import Callable

LONGEST_MASK_WAIT_MS = 120
"""No picture is held back for longer."""


class MaskWait:
    """By default a frame waits one frame time, and every frame goes on.

    Where it may wait longer, the frames for which the segmenter has no time are left out, so that
    every frame that goes on has its segmentation; a runtime that is slower than the video asks for
    that. When the segmenter is later still, all frames go on, each after one frame time at most,
    until it is in time again.

    Any thread may call.

    Args:
        frame_time_s: of the source at this moment; it may come back with another rate.
    """

    def __init__(self, frame_time_s: Callable[[], float]) -> None:
        self._frame_time_s = frame_time_s
        self.longest_ms: float | None = None
        """None: one frame time. At most ``LONGEST_MASK_WAIT_MS``."""
        self._in_time = True

    @property
    def seconds(self) -> float:
        """From when the source gave the frame."""
        frame_time_s = self._frame_time_s()
        wanted_s = self._wanted_s(frame_time_s)
        return wanted_s if self._in_time else min(wanted_s, frame_time_s)

    @property
    def leaves_out(self) -> bool:
        """Whether frames for which the segmenter has no time are not shown."""
        frame_time_s = self._frame_time_s()
        return self._in_time and self._wanted_s(frame_time_s) > frame_time_s

    def answered(self, after_s: float) -> None:
        """A segmentation was there so long after the source gave its frame."""
        self._in_time = after_s <= self._wanted_s(self._frame_time_s())

    def given_up(self, after_s: float) -> None:
        """A frame went on without its segmentation so long after the source gave it."""
        if after_s >= self._wanted_s(self._frame_time_s()):
            self._in_time = False

    def _wanted_s(self, frame_time_s: float) -> float:
        if self.longest_ms is None:
            return frame_time_s
        return min(self.longest_ms, LONGEST_MASK_WAIT_MS) / 1000
