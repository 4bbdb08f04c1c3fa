"""Finds out whether a video can be opened at all, before the one that plays is given up for it."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QObject, pyqtSignal

from app.sources.base import SourceError
from app.sources.live import CaptureWish
from app.sources.live_opening import is_live, live_opener
from app.sources.opening import open_source
from app.ui.errands import Errands


class Probe(QObject):
    """Opens a location on a thread of its own and closes it again; what is live is not touched,
    for it need not be there yet. One at a time: a newer one takes the place of the one before,
    which then says nothing."""

    opened = pyqtSignal(str)
    """The location: it can be opened, or waited for."""
    refused = pyqtSignal(str)
    """One sentence: why it cannot."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._location = ""
        # A file on a dead network drive must not keep the program from ending.
        self._errands = Errands(self, "polyplens-probe", self._answered, daemon=True)

    def start(self, location: str, wish: CaptureWish) -> None:
        """
        Args:
            wish: as ``open_live`` takes it; not looked at of what is recorded.
        """
        self._errands.forget()
        self._location = location
        self._errands.send(partial(_problem_of, location, wish))

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


def _problem_of(location: str, wish: CaptureWish) -> str:
    """Why ``location`` cannot be opened, one sentence; empty if it can."""
    try:
        if is_live(location):
            live_opener(location, wish)
        else:
            open_source(location).close()
    except SourceError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - whatever it is, the video that plays goes on
        return f"The video could not be opened ({type(error).__name__}: {error})."
    return ""
