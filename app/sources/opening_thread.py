"""One opening of a live source, from opening to closing, on a thread that may hang in any of it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Lock, Thread
from typing import Protocol

from app.frame import Frame
from app.sources.base import ReadReport, SourceError, SourceInfo, VideoSource
from app.sources.live import SourceLostError
from app.sources.stillness import Stillness

_log = logging.getLogger(__name__)


class OpeningListener(Protocol):
    """Is told by the opening's own thread, in this order; the last two always, and once."""

    def on_opened(self, opening: OpeningThread, info: SourceInfo) -> None: ...

    def on_frame(self, opening: OpeningThread, frame: Frame, still: bool) -> None: ...

    def on_lost(self, opening: OpeningThread, error: SourceError) -> None:
        """It could not be opened, or gives no more frames; it is not closed yet."""

    def on_closed(self, opening: OpeningThread) -> None:
        """The thread is about to end."""


class OpeningThread:
    """Opens, reads until the source is lost or let go, closes.

    Args:
        name: of the source, for sentences.
    """

    def __init__(
        self,
        name: str,
        open_source: Callable[[], VideoSource],
        clock: Callable[[], int],
        listener: OpeningListener,
    ) -> None:
        self._name = name
        self._open_source = open_source
        self._clock = clock
        self._listener = listener
        self._stillness = Stillness()
        self._lock = Lock()
        self._source: VideoSource | None = None
        self._let_go = False
        # A driver that never answers must not keep the process from ending: hence daemon.
        self._thread = Thread(target=self._live, name=f"capture {name}", daemon=True)

    @property
    def info(self) -> SourceInfo | None:
        """None before it is open."""
        source = self._source
        return None if source is None else source.info

    @property
    def report(self) -> ReadReport:
        source = self._source
        return ReadReport() if source is None else source.report

    def start(self) -> None:
        """Raises RuntimeError when the machine has no thread to give."""
        self._thread.start()

    def let_go(self) -> None:
        """Makes the thread close the source and end, as soon as the source lets it."""
        with self._lock:
            self._let_go = True
            source = self._source
        if source is not None:
            source.interrupt()

    def wait(self, timeout_s: float) -> None:
        """Until the thread has ended, at most so long."""
        self._thread.join(timeout_s)

    def _live(self) -> None:
        try:
            source = self._open_source()
        except Exception as raised:  # noqa: BLE001 - whatever a device does is survived
            self._listener.on_lost(self, self._as_source_error(raised))
        else:
            self._listener.on_lost(self, self._read(source))
            try:
                source.close()
            except Exception:  # noqa: BLE001 - as above; it is gone either way
                _log.exception("%s could not be closed", self._name)
        self._listener.on_closed(self)

    def _read(self, source: VideoSource) -> SourceError:
        """Gives every frame to the listener; why there is none any more."""
        with self._lock:
            self._source = source
        try:
            self._listener.on_opened(self, source.info)
            while not self._let_go and (frame := source.read()) is not None:
                still = self._stillness.observe(frame.picture, self._clock())
                self._listener.on_frame(self, frame, still)
        except Exception as raised:  # noqa: BLE001 - whatever a device does is survived
            return self._as_source_error(raised)
        return SourceLostError(f"{self._name} has ended; it is being waited for.")

    def _as_source_error(self, error: Exception) -> SourceError:
        if isinstance(error, SourceError):
            # Its trace holds this thread's frames, and so the source with all its memory.
            return error.with_traceback(None)
        _log.error("%s failed", self._name, exc_info=error)
        words = " ".join(str(error).split())  # OpenCV's are of many lines
        return SourceLostError(
            f"{self._name} failed ({type(error).__name__}: {words}); it is being opened again."
        )
