"""What went wrong is written to a file in the place that the desktop gives to logs."""

from __future__ import annotations

import logging
import os
from logging.handlers import RotatingFileHandler
from pathlib import Path

LOG_FILE = "viewer.log"
_LARGEST_BYTES = 1_000_000
_OLD_FILES = 4
_SHORTEST_NAME = 4
"""File names without suffix that are shorter identify nobody, and occur in other words."""
_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"
_PRINTED_FORMAT = "%(message)s"


def log_folder() -> Path:
    """``polyplens`` in the XDG state folder."""
    state = os.environ.get("XDG_STATE_HOME", "")
    base = Path(state) if Path(state).is_absolute() else Path.home() / ".local" / "state"
    return base / "polyplens"


class LogFile:
    """``viewer.log`` and at most four older ones of a megabyte each, for all loggers at once.

    The names of opened videos, which may name a patient, are left out of it, and of what is printed
    too, which a desktop keeps in a log of its own: say ``hide`` of each.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problem = ""
        """Why no log is kept, one sentence; empty where one is."""
        self._formatter = _NamelessFormatter(_FORMAT)
        self._printed = _NamelessFormatter(_PRINTED_FORMAT)
        self._handler = self._opened()
        self._handler.setFormatter(self._formatter)
        self._handler.setLevel(logging.INFO)
        root = logging.getLogger()
        self._level_before = root.level
        self._quiet = [
            (handler, handler.formatter) for handler in root.handlers if not handler.level
        ]
        for handler, _ in self._quiet:
            handler.setLevel(root.level)  # or it would print what only the file is to hold
            handler.setFormatter(self._printed)
        root.setLevel(min(root.level, logging.INFO))
        root.addHandler(self._handler)

    def hide(self, location: str) -> None:
        """Nothing that is logged from now on holds this path or its last part."""
        self._formatter.hide(location)
        self._printed.hide(location)

    def close(self) -> None:
        root = logging.getLogger()
        root.removeHandler(self._handler)
        root.setLevel(self._level_before)
        for handler, formatter in self._quiet:
            handler.setLevel(logging.NOTSET)
            handler.setFormatter(formatter)
        self._handler.close()

    def _opened(self) -> logging.Handler:
        """The file; nothing where it cannot be written."""
        path = self.folder / LOG_FILE
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            return RotatingFileHandler(
                path, maxBytes=_LARGEST_BYTES, backupCount=_OLD_FILES, encoding="utf-8"
            )
        except OSError as error:
            self.problem = (
                f"No log is kept: {path} cannot be written ({error.strerror}); check the folder "
                "and its permissions."
            )
            return logging.NullHandler()


class _NamelessFormatter(logging.Formatter):
    """Puts ``[video]`` where the name of a video stood, and ``~`` for the home folder."""

    def __init__(self, pattern: str) -> None:
        super().__init__(pattern)
        self._hidden: list[str] = []

    def hide(self, location: str) -> None:
        path = Path(location)
        words = {location, str(path.absolute()), path.name}
        if len(path.stem) >= _SHORTEST_NAME:
            words.add(path.stem)
        words -= {"", "phantom"}
        # Longest first: a path goes before the name that is part of it.
        self._hidden = sorted({*self._hidden, *words}, key=len, reverse=True)

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        for word in self._hidden:
            text = text.replace(word, "[video]")
        return text.replace(str(Path.home()), "~")
