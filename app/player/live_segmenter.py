"""A segmenter that loads where it is used: a live video does not wait for it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from app.pipeline.base import FrameSegmenter, InterruptibleSegmenter
from app.player.segmenter_thread import LOADING, PlayerSegmenter, segmenter_sentence
from models.backends.base import BackendInfo
from models.picture import Picture
from models.segmentation import Segmentation

_log = logging.getLogger(__name__)


@runtime_checkable
class RenewableSegmenter(Protocol):
    """One that answers while it is loaded anew."""

    def renew(self) -> None: ...


@dataclass(frozen=True, slots=True)
class SegmenterStatus:
    """How a segmenter stands at one moment."""

    running: PlayerSegmenter | None
    """The one that answers; None while none does."""
    reason: str
    """Why none does, one sentence; empty where one does."""
    tried: bool
    """Whether loading has ended at least once, well or badly."""


class LiveSegmenter:
    """A ``FrameSegmenter`` for one live pipeline, which enters it again after each failure.

    Args:
        load: gives a segmenter that is not entered; called whenever none is there. May take its
            time, and may raise.
        on_change: called when ``status`` changes, or ``info`` and ``spec`` of what runs, on the
            pipeline's thread.
        on_successor: called on that thread with each network that answers from then on; may ask
            it about a picture of its own, and raises what that raises.
    """

    def __init__(
        self,
        load: Callable[[], PlayerSegmenter],
        on_change: Callable[[], None],
        on_successor: Callable[[FrameSegmenter], None],
    ) -> None:
        self._load = load
        self._on_change = on_change
        self._on_successor = on_successor
        self._segmenter: PlayerSegmenter | None = None
        self._entered = False
        self._told: BackendInfo | None = None
        """Of what ``on_successor`` was called with last; None after entering."""
        self._renewal_wanted = False
        self._interrupted = False
        self._status = SegmenterStatus(None, LOADING, tried=False)

    @property
    def status(self) -> SegmenterStatus:
        """May be read from any thread."""
        return self._status

    def __enter__(self) -> Self:
        try:
            if self._segmenter is None or self._renewal_wanted:
                self._renewal_wanted = False
                self._segmenter = self._load()
            if self._interrupted:
                self.interrupt()
            self._segmenter.__enter__()
        except Exception as error:
            self._fail(error)
            raise
        self._entered, self._told = True, None
        self._set(SegmenterStatus(self._segmenter, "", tried=True))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._entered and self._segmenter is not None:
            self._entered = False
            self._segmenter.__exit__(kind, error, trace)

    def renew(self) -> None:
        """Loads anew before the next picture, or whenever it is entered next; any thread.

        What runs goes on meanwhile if it can; else it is left first, and no mask comes so long.
        """
        self._renewal_wanted = True

    def interrupt(self) -> None:
        """Makes a segmenter that is being loaded, or asked, give up soon, where it can."""
        self._interrupted = True
        if isinstance(self._segmenter, InterruptibleSegmenter):
            self._segmenter.interrupt()

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        """Raises what the segmenter raises, after ``status`` says so."""
        if self._renewal_wanted:
            self._renew()
        assert self._segmenter is not None
        try:
            segmentation = self._segmenter.segment(picture, frame_index)
            info = self._segmenter.info
            if info != self._told:  # another answers from now on
                self._told = info
                self._on_change()
                self._on_successor(self._segmenter)
        except Exception as error:
            self._fail(error)
            raise
        return segmentation

    def _renew(self) -> None:
        if isinstance(self._segmenter, RenewableSegmenter):
            self._renewal_wanted = False
            self._segmenter.renew()
            return
        self._set(SegmenterStatus(None, LOADING, tried=True))
        self.__exit__(None, None, None)
        self.__enter__()

    def _fail(self, error: Exception) -> None:
        _log.info("live video goes on without segmentation", exc_info=error)
        self._set(SegmenterStatus(None, segmenter_sentence(error), tried=True))

    def _set(self, status: SegmenterStatus) -> None:
        self._status = status
        self._on_change()
