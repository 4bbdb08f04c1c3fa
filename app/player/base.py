"""What a session of recorded and one of live video share: thread, listener, screen and end."""

from __future__ import annotations

import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from threading import Event, RLock, Thread
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from app.player.detection import Detection
from app.player.events import EventSnapshot
from app.player.playback import (
    OpeningProgress,
    OpeningStep,
    PlaybackState,
    PlayerState,
    PlayerStatistics,
)
from app.player.screen import Screen
from app.player.shown import Shown
from app.sources.base import SourceError

CLOSING_LIMIT_S = 2.0

_log = logging.getLogger(__name__)


class PlayerListener(Protocol):
    """Told of everything, from the session's threads, one call at a time; must return soon."""

    def on_shown(self, shown: Shown) -> None:
        """This is on screen from now on. A frame comes again when what is said of it changes."""

    def on_state(self, state: PlayerState) -> None:
        """The state changed."""

    def on_progress(self, progress: OpeningProgress) -> None:
        """The opening went on."""

    def on_failed(self, sentence: str) -> None:
        """Nothing more can be shown."""


class Session(ABC):
    """Shows one video to ``listener``. Any thread may call; all return at once, but for ``close``.

    Opening and loading are done on threads of the session, with progress; ``stop`` cancels them.
    What is particular to a kind of session happens in ``_run``, on the session's own thread.

    Args:
        tick_s: the longest time between two looks at what may have changed by itself.
    """

    def __init__(
        self, location: str | Path, listener: PlayerListener, detection: Detection, tick_s: float
    ) -> None:
        self._location = location
        self._listener = listener
        self._detection = detection
        self._tick_s = tick_s
        # Entered by one call of the listener at a time, which may call ``stop``.
        self._telling = RLock()
        self._stopping = Event()
        self._wake = Event()
        self._thread = Thread(target=self._live, name="player-session", daemon=True)
        self._screen: Screen | None = None
        self._told_state: PlayerState | None = None
        self._failure = ""
        self._ended = False

    @property
    def location(self) -> str:
        return str(self._location)

    @property
    @abstractmethod
    def generation(self) -> int:
        """What is shown must carry this one; see ``Shown.generation``."""

    @property
    @abstractmethod
    def state(self) -> PlayerState: ...

    @property
    @abstractmethod
    def statistics(self) -> PlayerStatistics: ...

    @property
    @abstractmethod
    def segment_p50_ms(self) -> float:
        """Of ``statistics`` the one figure that is asked for many times a second: the median of
        what the network took for each of the last frames; 0 while it is not known."""

    @property
    def shown(self) -> Shown | None:
        """What is on screen: all that a snapshot needs."""
        return None if self._screen is None else self._screen.shown

    @property
    def events(self) -> EventSnapshot:
        """The same object until something was added."""
        return EventSnapshot() if self._screen is None else self._screen.events

    def thumbnail(self, pts_s: float) -> NDArray[np.uint8] | None:
        """(height, width, 3) uint8 RGB, at most ``thumbnails.WIDTH`` wide, for the
        ``thumbnail_pts_s`` of an event; None where it is no longer kept."""
        return None if self._screen is None else self._screen.thumbnail(pts_s)

    @property
    def ended(self) -> bool:
        """Whether no thread of it runs."""
        return not self._thread.is_alive() and self._others_ended(0.0)

    def start(self) -> None:
        """Begins to open the video, and to load the network; called once."""
        self._thread.start()

    @abstractmethod
    def play(self) -> None: ...

    @abstractmethod
    def pause(self) -> None:
        """The picture on screen stands still."""

    @abstractmethod
    def toggle(self) -> None: ...

    def set_detection(self, detection: Detection) -> None:
        """From the next frame on; the one on screen is shown again with what holds now."""
        self._detection = detection
        self._wake.set()

    @abstractmethod
    def renew_segmenter(self) -> None:
        """Has the network loaded anew, such as with an engine that was built meanwhile.

        The video goes on. Where the new network can be loaded beside the one that runs, that one
        marks until it is there; what cannot be loaded is said, and the one before goes on. Without
        a network nothing happens.
        """

    def stop(self) -> None:
        """Begins to end; the listener hears nothing more once this has returned."""
        with self._telling:
            self._stopping.set()
        self._interrupt()
        self._wake.set()

    def close(self, limit_s: float = CLOSING_LIMIT_S) -> bool:
        """Stops, and waits at most ``limit_s``; whether every thread has ended. One that is still
        inside a runtime that loads ends by itself as soon as that comes back."""
        self.stop()
        until_s = time.monotonic() + limit_s
        if self._thread.ident is not None:
            self._thread.join(limit_s)
        self._others_ended(max(0.0, until_s - time.monotonic()))
        return self.ended

    @abstractmethod
    def _run(self) -> None:
        """Opens the video and shows it until ``_stopping`` is set.

        Raises:
            SourceError: nothing can be shown; the sentence goes to the person.
        """

    @abstractmethod
    def _interrupt(self) -> None:
        """Makes what waits in ``_run`` come back soon; from any thread."""

    @abstractmethod
    def _release(self) -> None:
        """Called once, after ``_run``: ends the pipeline and closes the source."""

    @abstractmethod
    def _others_ended(self, limit_s: float) -> bool:
        """Whether the threads beside the session's own have ended; waits for that."""

    def _keep_up(self, screen: Screen, tend: Callable[[], None]) -> None:
        """Looks after everything, until told to stop."""
        while not self._stopping.is_set():
            tend()
            if screen.detection is not self._detection:
                screen.detection = self._detection
                screen.refresh()
            self._tell_state()
            self._wake.wait(self._tick_s)
            self._wake.clear()

    def _stands(self) -> PlaybackState | None:
        """FAILED or CLOSED, where it is one of them."""
        if self._failure:
            return PlaybackState.FAILED
        if self._ended or self._stopping.is_set():
            return PlaybackState.CLOSED
        return None

    def _live(self) -> None:
        try:
            self._tell_state()
            self._run()
        except Exception as error:  # noqa: BLE001 - the person is told
            self._fail(error)
        finally:
            self._end()

    def _fail(self, error: Exception) -> None:
        if isinstance(error, SourceError):
            self._failure = str(error)
        else:
            _log.error("a video cannot be played", exc_info=error)
            self._failure = (
                f"{self._location} cannot be played ({type(error).__name__}: {error}); "
                "the log file says more."
            )

    def _end(self) -> None:
        self._release()
        self._ended = True
        self._tell_state()
        if self._failure:
            self._tell(lambda: self._listener.on_failed(self._failure))

    def _tell(self, call: Callable[[], None]) -> None:
        with self._telling:
            if not self._stopping.is_set():
                call()

    def _tell_shown(self, shown: Shown) -> None:
        self._tell(lambda: self._listener.on_shown(shown))

    def _tell_progress(self, step: OpeningStep, share: float | None) -> None:
        self._tell(lambda: self._listener.on_progress(OpeningProgress(step, share)))

    def _tell_state(self) -> None:
        state = self.state
        if state != self._told_state:
            self._told_state = state
            self._tell(lambda: self._listener.on_state(state))
