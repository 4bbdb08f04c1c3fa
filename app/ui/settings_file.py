"""Keeps the settings on disk as they are on screen."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.player.settings import ViewerSettings, save_settings

_SAVE_AFTER_MS = 500


class SettingsFile(QObject):
    """Saves what changed last soon after, once for many changes. GUI thread only."""

    failed = pyqtSignal(str)
    """One sentence, once: they cannot be saved."""

    def __init__(self, path: Path, settings: ViewerSettings, parent: QObject) -> None:
        super().__init__(parent)
        self._path = path
        self._settings = settings
        self._said = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SAVE_AFTER_MS)
        self._timer.timeout.connect(self.save)

    def keep(self, settings: ViewerSettings) -> None:
        """Saves them soon."""
        self._settings = settings
        self._timer.start()

    def save(self) -> None:
        """Saves them now."""
        self._timer.stop()
        try:
            save_settings(self._settings, self._path)
        except OSError as error:
            if not self._said:
                self._said = True
                sentence = self.tr(
                    "The settings cannot be kept: {path} cannot be written ({reason}); check the "
                    "folder and its permissions."
                )
                self.failed.emit(sentence.format(path=self._path, reason=error.strerror))
