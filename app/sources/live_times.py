"""Times that rise through every loss of the signal, whatever the source says."""

from __future__ import annotations

from fractions import Fraction

from app.frame import Frame

TIME_BASE = Fraction(1, 1_000_000)
"""Of the times given: microseconds."""

_TOLERANCE_S = 1.0
"""A source's clock may stray so far from the computer's between two frames; networks jitter."""


class LiveTimes:
    """Gives frames of one opening after another their place in one time that starts at 0.

    Distances are the source's own. Where it has none, as over a loss, or a wrong one, the frame's
    place is the time since the first frame was captured, or just above the last place where that
    was ahead: an opening may give in one go what came meanwhile, and this must not add up. A moment
    of capture before that of the last frame, before the opening or after now becomes now. Belongs
    to one thread at a time.
    """

    def __init__(self) -> None:
        self._first_captured_ns: int | None = None
        self._last_ticks = -1
        self._last_captured_ns = 0
        self._last_pts_s: float | None = None
        self._anchor_ticks = 0
        self._anchor_pts_s = 0.0
        self.mended = 0
        """Frames with a wrong time, so far."""

    def begin(self, now_ns: int) -> None:
        """The source is about to be opened."""
        self._last_pts_s = None
        if self._first_captured_ns is None:
            self._last_captured_ns = now_ns

    def place(self, frame: Frame, now_ns: int) -> Frame:
        """``frame`` with mended ``pts_s`` and ``captured_ns``; ``pts_s`` is above every earlier."""
        captured_ns = frame.captured_ns
        in_time = self._last_captured_ns <= captured_ns <= now_ns
        if not in_time:
            captured_ns = now_ns
        if self._first_captured_ns is None:
            self._first_captured_ns = captured_ns
        wall_step_s = (captured_ns - self._last_captured_ns) / 1e9
        step_s = None if self._last_pts_s is None else frame.pts_s - self._last_pts_s
        # A time that is not a number compares as False.
        if step_s is not None and step_s >= 0 and abs(step_s - wall_step_s) <= _TOLERANCE_S:
            elapsed_s = frame.pts_s - self._anchor_pts_s
            ticks = self._anchor_ticks + round(elapsed_s / TIME_BASE)
        else:
            in_time = in_time and step_s is None
            elapsed_s = (captured_ns - self._first_captured_ns) / 1e9
            ticks = max(round(elapsed_s / TIME_BASE), self._last_ticks + 1)
            self._anchor_ticks, self._anchor_pts_s = ticks, frame.pts_s
        self.mended += not in_time
        self._last_ticks = ticks = max(ticks, self._last_ticks + 1)
        self._last_captured_ns = captured_ns
        self._last_pts_s = frame.pts_s
        return Frame(frame.picture, frame.index, float(ticks * TIME_BASE), captured_ns)
