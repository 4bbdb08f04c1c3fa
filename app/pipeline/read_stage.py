"""The first stage: frames come out of the source."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from app.pipeline.mailbox import MailboxClosedError, MailboxCounts
from app.pipeline.metrics import StageSnapshot
from app.pipeline.stage import Stage, TicketStage
from app.pipeline.ticket import Ticket
from app.sources.base import VideoSource


class ReadStage(Stage):
    """Gives each frame to every stage in ``followers``, in that order.

    ``finish_interrupt`` is called at the end too: a source may have waiting threads of its own.
    """

    def __init__(
        self,
        source: VideoSource,
        followers: Sequence[TicketStage],
        stopping: Callable[[], bool],
        finish_interrupt: Callable[[], None],
        fail: Callable[[BaseException], None],
    ) -> None:
        super().__init__("read", fail)
        self._source = source
        self._followers = followers
        self._stopping = stopping
        self._finish_interrupt = finish_interrupt
        self._frames_read = 0

    def snapshot(self) -> StageSnapshot:
        return self._metrics.snapshot(
            self.name, lambda: MailboxCounts(accepted=self._frames_read, displaced=0, depth=0)
        )

    def _work(self) -> None:
        while not self._stopping():
            begun_ns = time.monotonic_ns()
            frame = self._source.read()
            if frame is None:
                return
            self._frames_read += 1
            ticket = Ticket(frame, read_ns=time.monotonic_ns())
            try:
                for follower in self._followers:
                    follower.accept(ticket)
            except MailboxClosedError:
                self._metrics.dropped()
                return
            self._metrics.finished(begun_ns, ticket.read_ns)

    def _finish(self) -> None:
        for follower in self._followers:
            follower.close()
        self._finish_interrupt()
