"""Finds out whether a video can be opened at all, before the one that plays is given up for it."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from threading import Thread

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.sources.base import SourceError
from app.sources.opening import open_source

_POLL_MS = 15


class Probe(QObject):
    """Opens a location on a thread of its own and closes it again. One at a time: a newer one
    takes the place of the one before, which then says nothing."""

    opened = pyqtSignal(str)
    """The location: it can be opened."""
    refused = pyqtSignal(str)
    """One sentence: why it cannot."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._location = ""
        self._answer: SimpleQueue[str] = SimpleQueue()
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._look)

    def start(self, location: str) -> None:
        self._location = location
        self._answer = SimpleQueue()
        # A daemon: a file on a dead network drive must not keep the program from ending.
        Thread(
            target=_try, args=(location, self._answer), name="polyplens-probe", daemon=True
        ).start()
        self._timer.start()

    def cancel(self) -> bool:
        """Says nothing more; whether there was anything to say."""
        waiting = self._timer.isActive()
        self._timer.stop()
        return waiting

    def _look(self) -> None:
        try:
            sentence = self._answer.get_nowait()
        except Empty:
            return
        self._timer.stop()
        if sentence:
            self.refused.emit(sentence)
        else:
            self.opened.emit(self._location)


def _try(location: str, answer: SimpleQueue[str]) -> None:
    """Puts the reason why ``location`` cannot be opened into ``answer``; empty if it can."""
    try:
        open_source(location).close()
    except SourceError as error:
        answer.put(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it is, the video that plays goes on
        answer.put(f"The video could not be opened ({type(error).__name__}: {error}).")
    else:
        answer.put("")
