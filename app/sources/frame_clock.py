"""Turns the time stamps of decoded frames into times that start at 0 and only rise."""

from __future__ import annotations

_REGULAR_SHARE = 0.9


class FrameClock:
    """Counts in ticks of the stream's time base.

    A missing stamp becomes the last one plus a frame's duration. A stamp that does not rise, as
    where two recordings were joined, moves there too, and the ones after it move along, so that
    their distances stay.

    Args:
        step: duration of a frame at the mean rate, in ticks.
    """

    def __init__(self, step: int) -> None:
        self._step = max(step, 1)
        self._origin: int | None = None
        self._shift = 0
        self._last = -self._step
        self._intervals = 0
        self._regular = 0
        self._skipped = 0
        self.mended = 0
        """Stamps that were missing or did not rise, so far."""

    @property
    def skipped(self) -> int:
        """Frames that would fit into the gaps of a regular stream; 0 for a variable frame rate."""
        return self._skipped if self._regular >= _REGULAR_SHARE * self._intervals else 0

    @property
    def expected(self) -> int:
        """The stamp that the next frame has when it follows the last one at the mean rate."""
        return (self._origin or 0) + self._last + self._step - self._shift

    def ticks(self, stamp: int | None) -> int:
        """Ticks from the first frame to the frame with this stamp; above every earlier answer."""
        if stamp is None:
            self.mended += 1
            stamp = self.expected
        if self._origin is None:
            self._origin = stamp
        ticks = stamp - self._origin + self._shift
        if ticks <= self._last:
            self.mended += 1
            self._shift += self._last + self._step - ticks
            ticks = self._last + self._step
        self._tally(ticks - self._last)
        self._last = ticks
        return ticks

    def _tally(self, interval: int) -> None:
        steps = round(interval / self._step)
        self._intervals += 1
        # Some time bases hold a frame's duration only to the nearest tick.
        self._regular += abs(interval - self._step) <= max(1, self._step // 20)
        self._skipped += max(0, steps - 1)

    def jump(self, ticks: int) -> None:
        """Sets the clock just before ``ticks``, as after a seek in a stream with good stamps."""
        self._shift = 0
        self._last = ticks - 1
