"""A segmenter on a thread of its own: while it loads or hangs, the video goes on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Condition, Thread
from types import TracebackType
from typing import Protocol, Self

from app.pipeline.base import FrameSegmenter
from models.backends.base import BackendError, BackendInfo
from models.picture import Picture
from models.segmentation import Segmentation
from models.spec import ModelSpec
from models.weights import WeightsError

SWITCHED_OFF = "Segmentation is switched off."
LOADING = "The network is being loaded."
"""Why frames come without masks where nothing is wrong."""

ANSWER_LIMIT_S = 2.0
"""A runtime that takes longer for one frame counts as silent until it answers."""

_log = logging.getLogger(__name__)


class PlayerSegmenter(FrameSegmenter, Protocol):
    """What the player asks of a segmenter; ``models.segmenter.Segmenter`` is one."""

    @property
    def spec(self) -> ModelSpec: ...

    @property
    def info(self) -> BackendInfo:
        """Complete once it is entered."""
        ...


class SegmenterError(BackendError):
    """The segmenter failed or is silent; the message is one sentence for the person."""


def segmenter_sentence(error: Exception) -> str:
    """What ``error``, of loading or using a segmenter, is to the person."""
    if isinstance(error, BackendError | WeightsError):
        return str(error)
    return f"The network failed ({type(error).__name__}: {error})."


@dataclass(slots=True, eq=False)
class _Job:
    picture: Picture
    frame_index: int
    answer: Segmentation | None = None


class SegmenterThread:
    """Loads a segmenter, enters it, asks it, leaves it, all on one thread.

    It is a ``FrameSegmenter`` itself, for one pipeline after another; entering and leaving it costs
    nothing. Once the segmenter has failed it stays out.

    Args:
        load: gives a segmenter that is not entered. May take its time, and may raise; the sentence
            of a ``BackendError`` or ``WeightsError`` is shown as it is.
        on_change: called on that thread when ``ready`` or ``failure`` changes, and at its end.
    """

    def __init__(self, load: Callable[[], PlayerSegmenter], on_change: Callable[[], None]) -> None:
        self._load = load
        self._on_change = on_change
        self._changed = Condition()
        self._stopping = False
        self._loaded: PlayerSegmenter | None = None
        self._job: _Job | None = None
        self._failure = ""
        self._thread = Thread(target=self._live, name="player-segmenter", daemon=True)

    @property
    def loaded(self) -> PlayerSegmenter | None:
        """None until it is entered."""
        return self._loaded

    @property
    def settled(self) -> bool:
        """Whether loading is over: it runs, or has failed."""
        return self._loaded is not None or bool(self._failure)

    @property
    def ready(self) -> bool:
        """Whether it waits for a frame."""
        with self._changed:
            return self._loaded is not None and self._job is None and not self._failure

    @property
    def failure(self) -> str:
        """Why it stays out, one sentence; empty while it does not."""
        return self._failure

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns at once; the thread ends as soon as the runtime lets it."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()

    def wait(self, timeout_s: float) -> bool:
        """Whether the thread has ended or was never started; waits for that."""
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """The segmenter stays entered, for the next pipeline."""

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        """
        Raises:
            SegmenterError: it failed, or did not answer within ``ANSWER_LIMIT_S``.
        """
        job = _Job(picture, frame_index)
        until_s = time.monotonic() + ANSWER_LIMIT_S
        with self._changed:
            self._job = job
            self._changed.notify_all()
            while job.answer is None and not self._failure and not self._stopping:
                left_s = until_s - time.monotonic()
                if left_s <= 0:
                    raise SegmenterError(f"The network has not answered for {ANSWER_LIMIT_S:g} s.")
                self._changed.wait(left_s)
            if job.answer is None:
                raise SegmenterError(self._failure or "The network was stopped.")
            return job.answer

    def _live(self) -> None:
        try:
            loaded = self._load()
            if not self._stopping:
                self._serve(loaded)
        except Exception as error:  # noqa: BLE001 - the video goes on; the person is told
            self._fail(error)
        self._on_change()

    def _serve(self, loaded: PlayerSegmenter) -> None:
        with loaded as segmenter:
            with self._changed:
                self._loaded = loaded
            self._on_change()
            while (job := self._next_job()) is not None:
                answer = segmenter.segment(job.picture, job.frame_index)
                with self._changed:
                    job.answer = answer
                    self._job = None
                    self._changed.notify_all()

    def _next_job(self) -> _Job | None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or self._job is not None)
            return None if self._stopping else self._job

    def _fail(self, error: Exception) -> None:
        sentence = segmenter_sentence(error)
        _log.error("a segmenter failed: %s", sentence, exc_info=error)
        with self._changed:
            self._failure = sentence
            self._changed.notify_all()
