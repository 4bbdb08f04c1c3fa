"""Says what is being loaded and how far it is, with a button to cancel it."""

from __future__ import annotations

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from app.player.playback import OpeningProgress

_LEAST_BAR_PX = 24


class LoadingBar(QFrame):
    """A strip above the video, there only while something is loaded: the window stays usable."""

    cancelled = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._label = QLabel(self)
        self._bar = QProgressBar(self)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._bar.setTextVisible(False)
        self._bar.setMaximumHeight(8)
        # Neither may make the window wider. Qt divides by the width between the bar's borders, and
        # the process dies where that is 0.
        self._label.setMinimumWidth(1)
        self._bar.setMinimumWidth(_LEAST_BAR_PX)
        cancel = QPushButton(self.tr("Cancel"), self)
        cancel.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        cancel.clicked.connect(self.cancelled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 4)
        layout.addWidget(self._label)
        layout.addWidget(self._bar, 1)
        layout.addWidget(cancel)
        self.hide()

    def show_progress(self, progress: OpeningProgress | None) -> None:
        """Of a video; None takes the strip away."""
        if progress is None:
            self.show_words("")
            return
        texts = {
            "opening": self.tr("Opening the video …"),
            "indexing": self.tr("Listing the video's frames …"),
            "loading": self.tr("Loading the network …"),
        }
        self.show_words(texts[progress.step], progress.share)

    def show_words(self, words: str, share: float | None = None) -> None:
        """Empty words take the strip away; the bar moves to and fro where ``share`` is None."""
        self._label.setText(words)
        self._bar.setRange(0, 0 if share is None else 1000)
        if share is not None:
            self._bar.setValue(round(share * 1000))
        self.setVisible(bool(words))
