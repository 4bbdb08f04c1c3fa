"""What every stage is made of: a thread that works, then finishes, and loses no error."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from threading import Lock, Thread

from app.pipeline.mailbox import Mailbox
from app.pipeline.metrics import StageMetrics, StageSnapshot
from app.pipeline.ticket import Ticket
from models.interruptions import start_uninterrupted


class Stage(ABC):
    """One thread. ``fail`` takes every error of ``_work`` and of ``_finish``, from any thread."""

    def __init__(self, name: str, fail: Callable[[BaseException], None]) -> None:
        self.name = name
        self._fail = fail
        self._metrics = StageMetrics()
        # A device that never answers must not keep the process from ending: hence daemon.
        self._thread = Thread(target=self._live, name=f"pipeline-{name}", daemon=True)
        self._claim = Lock()
        self.ended = False
        # Held until the end. An Event would not do: a signal that reaches its waiter at the wrong
        # moment leaves the Event's own lock held, and setting it would then wait for ever.
        self._end = Lock()
        self._end.acquire()

    def start(self) -> None:
        """Raises RuntimeError when the machine has no thread to give."""
        start_uninterrupted(self._thread)

    def abandon(self) -> None:
        """Finishes on the calling thread a stage whose own thread has not begun."""
        if self._claim.acquire(blocking=False):
            self._guard(self._finish)
            self._declare_ended()

    def wait(self, timeout_s: float) -> bool:
        """Whether the stage, and its thread, ended within ``timeout_s``."""
        if self._end.acquire(timeout=timeout_s):
            self._end.release()
        if self.ended and self._thread.is_alive():
            self._thread.join()
        return self.ended

    @abstractmethod
    def snapshot(self) -> StageSnapshot:
        """May be called from any thread."""

    @abstractmethod
    def _work(self) -> None:
        """Everything there is to do; returns when nothing more will come."""

    @abstractmethod
    def _finish(self) -> None:
        """Called exactly once, whatever became of ``_work``."""

    def _live(self) -> None:
        if self._claim.acquire(blocking=False):
            self._guard(self._work)
            self._guard(self._finish)
            self._declare_ended()

    def _declare_ended(self) -> None:
        self.ended = True
        self._end.release()

    def _guard(self, step: Callable[[], None]) -> None:
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - kept for the caller of join
            self._fail(error)


class TicketStage(Stage):
    """A stage with a mailbox in front."""

    def __init__(
        self, name: str, inbox: Mailbox[Ticket], fail: Callable[[BaseException], None]
    ) -> None:
        super().__init__(name, fail)
        self._inbox = inbox

    def accept(self, ticket: Ticket) -> None:
        """Called by the stage before; under EVERY it waits for room.

        Raises:
            MailboxClosedError: this stage takes nothing more.
        """
        displaced = self._inbox.put(ticket)
        if displaced is not None:
            self._displace(displaced)

    def close(self) -> None:
        """Called by the stage before, which has nothing more to give."""
        self._inbox.close()

    def snapshot(self) -> StageSnapshot:
        return self._metrics.snapshot(self.name, self._inbox.counts)

    def _finish(self) -> None:
        for ticket in self._inbox.discard():
            self._drop(ticket)

    def _displace(self, ticket: Ticket) -> None:
        """Answers a ticket that had to make room for a newer one."""
        self._let_go(ticket)

    def _drop(self, ticket: Ticket) -> None:
        self._let_go(ticket)
        self._metrics.dropped()

    @abstractmethod
    def _let_go(self, ticket: Ticket) -> None:
        """Answers a ticket on which this stage will not work."""
