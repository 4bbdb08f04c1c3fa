"""Finds out whether a video can be opened at all, before the one that plays is given up for it."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QObject, pyqtSignal

from app.sources.base import SourceError
from app.sources.opening import open_source
from app.ui.errands import Errands


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
        # A file on a dead network drive must not keep the program from ending.
        self._errands = Errands(self, "polyplens-probe", self._answered, daemon=True)

    def start(self, location: str) -> None:
        self._errands.forget()
        self._location = location
        self._errands.send(partial(_problem_of, location))

    def cancel(self) -> bool:
        """Says nothing more; whether there was anything to say."""
        waiting = self._errands.awaited
        self._errands.forget()
        return waiting

    def _answered(self, problem: str) -> None:
        if problem:
            self.refused.emit(problem)
        else:
            self.opened.emit(self._location)


def _problem_of(location: str) -> str:
    """Why ``location`` cannot be opened, one sentence; empty if it can."""
    try:
        open_source(location).close()
    except SourceError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the video that plays goes on
        return f"The video could not be opened ({type(error).__name__}: {error})."
    return ""
