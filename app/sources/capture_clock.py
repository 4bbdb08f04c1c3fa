"""When a capture card has a frame, and which frames it loses because nobody takes them."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from threading import Event

BUFFERS = 4
"""Frames that a card keeps for its reader, as V4L2 drivers usually do."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One frame of a card."""

    number: int
    """Counts every frame from 0, lost ones too."""
    due_ns: int
    """When the card had it, of the monotonic clock."""


class CaptureClock:
    """Gives the ticks of a card that makes ``rate`` frames a second, each at its moment.

    The moments are whole multiples of the frame time after the first ``wait``, so nothing drifts.
    A reader that is late finds up to ``BUFFERS`` frames waiting; what comes while all are full is
    lost. One thread waits; ``interrupt`` and ``lost`` are for any thread.

    Raises:
        ValueError: ``rate`` is not positive.
    """

    def __init__(self, rate: Fraction) -> None:
        if rate <= 0:
            raise ValueError(f"a card makes a positive number of frames a second, not {rate}")
        self._frame_ns = Fraction(1_000_000_000) / rate
        self._begun_ns: int | None = None
        self._next = 0
        self._waiting: deque[int] = deque()
        self._interrupted = Event()
        self.lost = 0
        """Frames that came while every buffer was full."""

    def wait(self) -> Tick | None:
        """The oldest frame that waits, or the next when it is due; None after ``interrupt``."""
        if self._begun_ns is None:
            self._begun_ns = time.monotonic_ns()
        while not self._interrupted.is_set():
            now_ns = time.monotonic_ns()
            self._fill_buffers(int((now_ns - self._begun_ns) / self._frame_ns) + 1)
            if self._waiting:
                number = self._waiting.popleft()
                return Tick(number, self._due_ns(number))
            self._interrupted.wait((self._due_ns(self._next) - now_ns) / 1e9)
        return None

    def interrupt(self) -> None:
        """Makes a waiting or later ``wait`` give None."""
        self._interrupted.set()

    def _fill_buffers(self, made: int) -> None:
        """``made``: frames that the card has made by now."""
        kept = min(made - self._next, BUFFERS - len(self._waiting))
        self._waiting.extend(range(self._next, self._next + kept))
        self.lost += made - self._next - kept
        self._next = made

    def _due_ns(self, number: int) -> int:
        assert self._begun_ns is not None
        return self._begun_ns + round(number * self._frame_ns)
