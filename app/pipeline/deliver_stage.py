"""The last stage: each frame goes to the sink, with its own segmentation where that is in time."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.frame import Annotated
from app.pipeline.base import Sink
from app.pipeline.mailbox import Mailbox
from app.pipeline.mask_wait import MaskWait
from app.pipeline.metrics import Ring
from app.pipeline.stage import TicketStage
from app.pipeline.ticket import Ticket


class DeliverStage(TicketStage):
    """Writes the frames in order and closes the sink.

    A frame waits for its segmentation as long as ``mask_wait`` says, from when the source gave it,
    so that frames behind a late one do not wait longer; None: as long as that takes.
    """

    def __init__(
        self,
        sink: Sink,
        inbox: Mailbox[Ticket],
        mask_wait: MaskWait | None,
        fail: Callable[[BaseException], None],
    ) -> None:
        super().__init__("deliver", inbox, fail)
        self._sink = sink
        self._mask_wait = mask_wait
        self.masked = 0
        self.latencies_ns = Ring()

    def _work(self) -> None:
        while (ticket := self._inbox.take()) is not None:
            annotated = self._answer(ticket)
            if annotated is None:
                self._metrics.dropped()
                continue
            begun_ns = time.monotonic_ns()
            try:
                self._sink.write(annotated)
            except BaseException:
                self._metrics.dropped()
                raise
            ended_ns = time.monotonic_ns()
            self._metrics.finished(begun_ns, ended_ns)
            self.masked += annotated.segmentation is not None
            self.latencies_ns.add(ended_ns - ticket.frame.captured_ns)

    def _answer(self, ticket: Ticket) -> Annotated | None:
        open_yet = not ticket.answered
        annotated = ticket.wait(self._wait_left_s(ticket))
        in_vain = open_yet and annotated is not None and annotated.segmentation is None
        if in_vain and self._mask_wait is not None:
            self._mask_wait.given_up(_since_read_s(ticket))
        return annotated

    def _wait_left_s(self, ticket: Ticket) -> float | None:
        if self._mask_wait is None:
            return None
        return max(0.0, self._mask_wait.seconds - _since_read_s(ticket))

    def _let_go(self, ticket: Ticket) -> None:
        ticket.cancel()

    def _finish(self) -> None:
        super()._finish()
        self._sink.close()


def _since_read_s(ticket: Ticket) -> float:
    return (time.monotonic_ns() - ticket.read_ns) / 1e9
