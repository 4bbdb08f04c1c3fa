"""What the segmenters of the tests tell: how often they were entered and left, by which threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self


class WatchedSegmenter:
    """``before`` is called with a frame's index before the work on it; may wait, and may raise."""

    def __init__(self, before: Callable[[int], None] = lambda _: None) -> None:
        self._before = before
        self.on_enter: Callable[[], None] = lambda: None
        self.on_exit: Callable[[], None] = lambda: None
        self.entered = 0
        self.left = 0
        self.threads: set[int] = set()
        """That entered, left or asked it."""

    def __enter__(self) -> Self:
        self.threads.add(threading.get_ident())
        self.on_enter()
        self.entered += 1
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.threads.add(threading.get_ident())
        self.left += 1
        self.on_exit()

    def _begin(self, frame_index: int) -> None:
        """What ``segment`` begins with."""
        self.threads.add(threading.get_ident())
        self._before(frame_index)
