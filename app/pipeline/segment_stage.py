"""The stage that segments: it alone touches the segmenter."""

from __future__ import annotations

import logging
import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.frame import Annotated
from app.pipeline.base import AheadSegmenter, FrameSegmenter, InterruptibleSegmenter
from app.pipeline.mailbox import DropPolicy, Mailbox
from app.pipeline.mask_wait import MaskWait
from app.pipeline.metrics import Ring
from app.pipeline.stage import TicketStage
from app.pipeline.ticket import Ticket
from models.segmentation import Segmentation

RESTARTS = 5
"""After so many within ``RESTART_WINDOW_S``, a segmenter that fails once more stays out."""
RESTART_WINDOW_S = 60.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Begun:
    """A frame on which the segmenter works."""

    ticket: Ticket
    begun_ns: int
    finish: Callable[[], Segmentation]


class SegmentStage(TicketStage):
    """Enters the segmenter, asks it about each frame, leaves it.

    Under EVERY its failure ends the pipeline, and one that works on several frames at a time is
    given them. Under LATEST frames go on without segmentation while the segmenter is being entered
    and after it failed. It is then entered again, the first time after ``restart_delay_s``, and
    within ``RESTART_WINDOW_S`` each time after twice the pause before. One that can be interrupted
    is when no more frames come.
    """

    def __init__(
        self,
        segmenter: FrameSegmenter,
        inbox: Mailbox[Ticket],
        policy: DropPolicy,
        mask_wait: MaskWait,
        restart_delay_s: float,
        on_failure: Callable[[Exception], None] | None,
        fail: Callable[[BaseException], None],
    ) -> None:
        super().__init__("segment", inbox, fail)
        self._segmenter = segmenter
        self._policy = policy
        self._mask_wait = mask_wait
        self._restart_delay_s = restart_delay_s
        self._on_failure = on_failure
        self._restarts_s: deque[float] = deque(maxlen=RESTARTS)
        self.latencies_ns = Ring()
        """From capture to the answer, of frames that are segmented one at a time."""
        self._ending = False
        self.entered = False
        """Whether frames wait for the segmenter now; under LATEST they do so only then."""
        self.failures = 0
        self.stays_out = False
        """It failed too often, and is not entered again before ``retry``."""
        self._retry_wanted = False
        self.error: Exception | None = None
        """What keeps frames from being segmented now; only under LATEST."""

    def accept(self, ticket: Ticket) -> None:
        super().accept(ticket)
        if self._policy is DropPolicy.LATEST and not self.entered:
            ticket.show_unmasked()

    def close(self) -> None:
        super().close()
        if self._policy is DropPolicy.LATEST and isinstance(
            self._segmenter, InterruptibleSegmenter
        ):
            self._ending = True
            self._segmenter.interrupt()

    @property
    def p50_ms(self) -> float:
        """Median of the durations of ``segment``; 0 before the first."""
        return self._metrics.p50_ms

    def retry(self) -> None:
        """Enters the segmenter again although it failed too often; any thread."""
        self._retry_wanted = self.stays_out

    def _work(self) -> None:
        self._segment_until_failure()
        while self._policy is DropPolicy.LATEST and self._pass_until_restart():
            self._segment_until_failure()

    def _segment_until_failure(self) -> None:
        """One life of the segmenter; it ends with the frames, or with the first error."""
        with self._reporting(), self._segmenter as segmenter, self._reporting():
            self.entered = True
            if self._policy is DropPolicy.EVERY and isinstance(segmenter, AheadSegmenter):
                self._segment_ahead(segmenter)
            else:
                while (ticket := self._inbox.take()) is not None:
                    self._segment(segmenter, ticket)

    def _segment_ahead(self, segmenter: AheadSegmenter) -> None:
        """Keeps as many frames begun as there are waiting, up to the segmenter's depth."""
        begun: deque[_Begun] = deque()
        try:
            while (ticket := self._next_ahead(begun)) is not None or begun:
                if ticket is not None:
                    self._begin(segmenter, ticket, begun)
                if ticket is None or len(begun) >= segmenter.depth:
                    self._finish_oldest(begun)
        except BaseException:
            for each in begun:
                self._drop(each.ticket)
            raise

    def _next_ahead(self, begun: deque[_Begun]) -> Ticket | None:
        return self._inbox.take_waiting() if begun else self._inbox.take()

    def _begin(self, segmenter: AheadSegmenter, ticket: Ticket, begun: deque[_Begun]) -> None:
        begun_ns = time.monotonic_ns()
        try:
            finish = segmenter.begin(ticket.frame.picture, ticket.frame.index)
        except BaseException:
            self._drop(ticket)
            while begun:  # what came before is not to blame
                self._finish_oldest(begun)
            raise
        begun.append(_Begun(ticket, begun_ns, finish))

    def _finish_oldest(self, begun: deque[_Begun]) -> None:
        oldest = begun[0]
        annotated = Annotated(oldest.ticket.frame, oldest.finish())
        begun.popleft()
        self._metrics.finished(oldest.begun_ns, time.monotonic_ns())
        oldest.ticket.show(annotated)

    def _segment(self, segmenter: FrameSegmenter, ticket: Ticket) -> None:
        if ticket.answered:
            self._metrics.dropped()
            return
        frame = ticket.frame
        begun_ns = time.monotonic_ns()
        try:
            annotated = Annotated(frame, segmenter.segment(frame.picture, frame.index))
        except BaseException:
            self._drop(ticket)
            raise
        ended_ns = time.monotonic_ns()
        self._metrics.finished(begun_ns, ended_ns)
        self.latencies_ns.add(ended_ns - frame.captured_ns)
        self._mask_wait.answered((ended_ns - ticket.read_ns) / 1e9)
        self.error = None
        ticket.show(annotated)

    def _pass_until_restart(self) -> bool:
        """Lets frames go on unmasked; False at their end, True when a restart is due."""
        restart_s = self._next_restart_s()
        while (ticket := self._inbox.take()) is not None:
            self._drop(ticket)
            if self._retry_wanted:
                self._retry_wanted = self.stays_out = False
                self._restarts_s.clear()
                return True
            if time.monotonic() >= restart_s:
                self._restarts_s.append(time.monotonic())
                return True
        return False

    def _next_restart_s(self) -> float:
        now_s = time.monotonic()
        recent = sum(now_s - restart_s < RESTART_WINDOW_S for restart_s in self._restarts_s)
        if recent == RESTARTS:
            self.stays_out = True
            logger.error("the segmenter failed too often and stays out until it is tried by hand")
            return math.inf
        return now_s + self._restart_delay_s * 2.0**recent

    def _displace(self, ticket: Ticket) -> None:
        if self._mask_wait.leaves_out:
            ticket.cancel()
        else:
            self._let_go(ticket)

    def _let_go(self, ticket: Ticket) -> None:
        if self._policy is DropPolicy.LATEST:
            ticket.show_unmasked()
        else:
            ticket.cancel()

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001 - reported, and under EVERY kept for join
            self._report(error)

    def _report(self, error: Exception) -> None:
        self.entered = False
        if self._ending:
            logger.debug("the segmenter was interrupted: %s", error)
            return
        self.failures += 1
        if self._policy is DropPolicy.EVERY:
            self._fail(error)
            return
        self.error = error
        logger.warning("the segmenter failed, the video goes on without it: %s", error)
        if self._on_failure is not None:
            try:
                self._on_failure(error)
            except Exception:
                logger.exception("who listens to the segmenter's failures failed as well")
