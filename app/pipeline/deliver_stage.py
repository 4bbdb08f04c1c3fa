"""The last stage: each frame goes to the sink, with its own segmentation where that is in time."""

from __future__ import annotations

import time
from collections.abc import Callable

from app.pipeline.base import Sink
from app.pipeline.mailbox import Mailbox
from app.pipeline.metrics import Ring
from app.pipeline.stage import TicketStage
from app.pipeline.ticket import Ticket


class DeliverStage(TicketStage):
    """Writes the frames in order and closes the sink.

    A frame waits for its segmentation until ``mask_wait_s()`` after the source gave it; None: as
    long as that takes. The wait counts from there, so that frames behind a late one do not wait
    longer.
    """

    def __init__(
        self,
        sink: Sink,
        inbox: Mailbox[Ticket],
        mask_wait_s: Callable[[], float | None],
        fail: Callable[[BaseException], None],
    ) -> None:
        super().__init__("deliver", inbox, fail)
        self._sink = sink
        self._mask_wait_s = mask_wait_s
        self.masked = 0
        self.latencies_ns = Ring()

    def _work(self) -> None:
        while (ticket := self._inbox.take()) is not None:
            annotated = ticket.wait(self._wait_left_s(ticket))
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

    def _wait_left_s(self, ticket: Ticket) -> float | None:
        mask_wait_s = self._mask_wait_s()
        if mask_wait_s is None:
            return None
        return max(0.0, mask_wait_s - (time.monotonic_ns() - ticket.read_ns) / 1e9)

    def _let_go(self, ticket: Ticket) -> None:
        ticket.cancel()

    def _finish(self) -> None:
        super()._finish()
        self._sink.close()
