"""What takes its time is done on threads of its own, and its answer comes to the GUI thread."""

from __future__ import annotations

import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Generic, TypeVar

from PyQt6.QtCore import QObject, QTimer

Answer = TypeVar("Answer")

_POLL_MS = 15


class Errands(QObject, Generic[Answer]):
    """Runs errands beside the GUI thread, to which everything else belongs.

    Args:
        name: of the threads.
        take: called with each answer.
        daemon: whether the program may end before an errand does.
    """

    def __init__(
        self, parent: QObject, name: str, take: Callable[[Answer], None], *, daemon: bool
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._take = take
        self._daemon = daemon
        # Asked again and again: a thread may outlive this object, and could not signal it then.
        self._answers: SimpleQueue[Answer] = SimpleQueue()
        self._threads: list[Thread] = []
        self._awaited = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._look)

    @property
    def awaited(self) -> bool:
        """Whether an answer is to come."""
        return self._awaited > 0

    def send(self, errand: Callable[[], Answer]) -> None:
        """Begins ``errand``, which raises nothing."""
        answers = self._answers
        thread = Thread(target=lambda: answers.put(errand()), name=self._name, daemon=self._daemon)
        self._threads = [*(each for each in self._threads if each.is_alive()), thread]
        self._awaited += 1
        thread.start()
        self._timer.start()

    def forget(self) -> None:
        """The answers that are to come are not taken any more."""
        self._timer.stop()
        self._answers = SimpleQueue()
        self._awaited = 0

    def wait(self, timeout_s: float) -> None:
        """Until every errand has been done, and no longer than ``timeout_s``; takes the answers."""
        until_s = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, until_s - time.monotonic()))
        while self._look():
            pass

    def _look(self) -> bool:
        """Takes an answer; whether there was one."""
        try:
            answer = self._answers.get_nowait()
        except Empty:
            return False
        self._awaited -= 1
        if not self.awaited:
            self._timer.stop()
        self._take(answer)
        return True
