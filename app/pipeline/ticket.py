"""A frame on its way from the source to the sink."""

from __future__ import annotations

from threading import Event, Lock

from app.frame import Annotated, Frame


class Ticket:
    """A frame, and the one answer to what will be shown of it.

    The stage that delivers waits here while the stage that segments works; whoever answers first
    decides, so a mask that comes late is never seen.
    """

    __slots__ = ("_answer", "_answered", "_claim", "frame", "read_ns")

    def __init__(self, frame: Frame, read_ns: int) -> None:
        self.frame = frame
        self.read_ns = read_ns
        """``time.monotonic_ns()`` when the source gave the frame."""
        self._answer: Annotated | None = None
        self._claim = Lock()
        self._answered = Event()

    @property
    def answered(self) -> bool:
        return self._answered.is_set()

    def show(self, annotated: Annotated) -> None:
        """Answers: this is what will be shown."""
        self._settle(annotated)

    def show_unmasked(self) -> None:
        """Answers: the frame goes on without a segmentation."""
        self._settle(Annotated(self.frame, None))

    def cancel(self) -> None:
        """Answers: the frame will not be shown."""
        self._settle(None)

    def wait(self, timeout_s: float | None) -> Annotated | None:
        """The answer, which after ``timeout_s`` is to go on unmasked; None when cancelled."""
        if not self._answered.wait(timeout_s):
            self.show_unmasked()
            self._answered.wait()
        return self._answer

    def _settle(self, answer: Annotated | None) -> None:
        if self._claim.acquire(blocking=False):
            self._answer = answer
            self._answered.set()
