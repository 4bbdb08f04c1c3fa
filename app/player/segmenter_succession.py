"""The segmenter of a recorded video, and the one that takes its place when it is loaded anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock

from app.player.segmenter_thread import PlayerSegmenter, SegmenterThread


class SegmenterSuccession:
    """Owns one segmenter after another, each on a thread of its own.

    Any thread may call, but ``settle`` belongs to the one that has frames given to ``current``.

    Args:
        load: called for each segmenter, on its thread; as ``SegmenterThread`` has it.
        on_change: called on those threads when something may have changed.
    """

    def __init__(self, load: Callable[[], PlayerSegmenter], on_change: Callable[[], None]) -> None:
        self._load = load
        self._on_change = on_change
        self._changing = Lock()
        self._stopped = False
        self._current = SegmenterThread(load, on_change)
        self._successor: SegmenterThread | None = None
        self._retired: list[SegmenterThread] = []
        self._notices: tuple[str, ...] = ()

    @property
    def current(self) -> SegmenterThread:
        """The one to give frames to."""
        return self._current

    @property
    def notices(self) -> tuple[str, ...]:
        """Why the last renewal came to nothing; empty where it did not."""
        return self._notices

    def start(self) -> None:
        self._current.start()

    def renew(self) -> None:
        """Loads a successor; one that is being loaded already is given up."""
        with self._changing:
            if self._stopped:
                return
            if self._successor is not None:
                self._retired.append(self._successor)
            self._successor = SegmenterThread(self._load, self._on_change)
            self._successor.start()

    def settle(self) -> None:
        """Puts the successor in its place once it runs, or once neither of the two does.

        Called again and again; whoever gave way ends with the next call, for it may still be asked
        about a frame.
        """
        with self._changing:
            for each in self._retired:
                each.stop()
            self._retired = [each for each in self._retired if not each.wait(0.0)]
            successor = self._successor
            if successor is None or not successor.settled:
                return
            self._successor = None
            if successor.failure and not self._current.failure:
                self._notices = (f"The network was not loaded anew: {successor.failure}",)
                self._retired.append(successor)
            else:
                self._notices = ()
                self._retired.append(self._current)
                self._current = successor

    def stop(self) -> None:
        """Returns at once; each thread ends as soon as its runtime lets it."""
        with self._changing:
            self._stopped = True
            for each in self._all():
                each.stop()

    def wait(self, timeout_s: float) -> bool:
        """Whether all threads have ended, or were never started; waits for that."""
        until_s = time.monotonic() + timeout_s
        with self._changing:
            threads = self._all()
        return all(each.wait(max(0.0, until_s - time.monotonic())) for each in threads)

    def _all(self) -> list[SegmenterThread]:
        successors = [] if self._successor is None else [self._successor]
        return [self._current, *successors, *self._retired]
