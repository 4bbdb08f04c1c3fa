"""The one place where threads meet Qt."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from PyQt6.QtCore import QObject, pyqtSignal, pyqtSlot

from app.player.base import CLOSING_LIMIT_S, PlayerListener, Session
from app.player.playback import OpeningProgress, PlayerState
from app.player.shown import Shown

SessionKind = TypeVar("SessionKind", bound=Session)


class NewestOnly(QObject):
    """Takes what a session says, on any thread, and says the newest of it on its own thread.

    At most one event of it waits in the event loop, whatever comes: a newer ``Shown``, state or
    progress takes the place of the one that waits.
    """

    shown = pyqtSignal(object)
    state_changed = pyqtSignal(object)
    progress = pyqtSignal(object)
    failed = pyqtSignal(str)
    _arrived = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lock = Lock()
        self._waits = False
        self._shown: Shown | None = None
        self._state: PlayerState | None = None
        self._progress: OpeningProgress | None = None
        self._failure: str | None = None
        self._replaced = 0
        self._arrived.connect(self._say)

    @property
    def replaced(self) -> int:
        """``Shown`` that gave way to newer ones."""
        return self._replaced

    def on_shown(self, shown: Shown) -> None:
        with self._lock:
            self._replaced += self._shown is not None
            self._shown = shown
        self._announce()

    def on_state(self, state: PlayerState) -> None:
        with self._lock:
            self._state = state
        self._announce()

    def on_progress(self, progress: OpeningProgress) -> None:
        with self._lock:
            self._progress = progress
        self._announce()

    def on_failed(self, sentence: str) -> None:
        with self._lock:
            self._failure = sentence
        self._announce()

    def _announce(self) -> None:
        with self._lock:
            waits, self._waits = self._waits, True
        if not waits:
            self._arrived.emit()

    @pyqtSlot()
    def _say(self) -> None:
        with self._lock:
            self._waits = False
            progress, self._progress = self._progress, None
            state, self._state = self._state, None
            shown, self._shown = self._shown, None
            failure, self._failure = self._failure, None
        if progress is not None:
            self.progress.emit(progress)
        if state is not None:
            self.state_changed.emit(state)
        if shown is not None:
            self.shown.emit(shown)
        if failure is not None:
            self.failed.emit(failure)


class PlayerBridge(QObject):
    """Runs one session at a time and gives what it says to the GUI thread, as signals.

    At most one ``Shown`` waits in the event loop: a newer one takes its place, counted in
    ``replaced``. Nothing of an earlier session, or from before a seek, arrives any more. All
    methods belong to the GUI thread.
    """

    shown = pyqtSignal(object)
    """``app.player.shown.Shown``: show this."""
    state_changed = pyqtSignal(object)
    """``app.player.playback.PlayerState``; the newest, those between may be left out."""
    progress = pyqtSignal(object)
    """``app.player.playback.OpeningProgress``; the newest, those between may be left out."""
    failed = pyqtSignal(str)
    """One sentence: this video cannot be shown any more."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session: Session | None = None
        self._inbox: NewestOnly | None = None
        self._ending: list[Session] = []

    @property
    def session(self) -> Session | None:
        """The one that plays; call its controls directly."""
        return self._session

    @property
    def replaced(self) -> int:
        """``Shown`` of this session that gave way to newer ones, before the event loop came."""
        return 0 if self._inbox is None else self._inbox.replaced

    def open(self, make: Callable[[PlayerListener], SessionKind]) -> SessionKind:
        """Starts the session that ``make`` gives; the one before is told to stop and ends by
        itself."""
        self.stop()
        inbox = NewestOnly(self)
        inbox.shown.connect(self._show)
        inbox.state_changed.connect(self.state_changed)
        inbox.progress.connect(self.progress)
        inbox.failed.connect(self.failed)
        session = make(inbox)
        self._session, self._inbox = session, inbox
        session.start()
        return session

    def stop(self) -> None:
        """Tells the session to stop, if there is one; returns at once. This cancels an opening."""
        if self._session is None or self._inbox is None:
            return
        self._session.stop()
        # The session says nothing more; what it said and still waits goes with the inbox.
        self._inbox.blockSignals(True)
        self._inbox.deleteLater()
        self._ending = [session for session in self._ending if not session.ended]
        self._ending.append(self._session)
        self._session = self._inbox = None

    @property
    def ended(self) -> bool:
        """Whether nothing of any session runs any more; false while one plays."""
        return self._session is None and all(session.ended for session in self._ending)

    def close(self) -> bool:
        """Ends every session and waits, at most ``CLOSING_LIMIT_S``; whether all threads ended."""
        self.stop()
        until_s = time.monotonic() + CLOSING_LIMIT_S
        ended = [session.close(max(0.0, until_s - time.monotonic())) for session in self._ending]
        return all(ended)

    def _show(self, shown: Shown) -> None:
        if self._session is not None and shown.generation == self._session.generation:
            self.shown.emit(shown)
