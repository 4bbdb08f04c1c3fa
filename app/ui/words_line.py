"""A line of words that are never cut off: it grows where the window is too narrow for them."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QLabel, QSizePolicy, QWidget


class WordsLine(QLabel):
    """Plain text over the whole width, as high as ``least_height_px`` and as its lines need."""

    def __init__(self, least_height_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._least_height_px = least_height_px
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(True)
        self.setContentsMargins(12, 4, 12, 0)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._fit()

    def show_words(self, words: str) -> None:
        if words != self.text():
            self.setText(words)
            self._fit()

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._fit()

    def _fit(self) -> None:
        """By hand: a tool bar asks nobody for the height that goes with a width."""
        self.setMinimumHeight(0)  # it would count as needed: what has grown would never shrink
        self.setFixedHeight(max(self._least_height_px, self.heightForWidth(self.width())))
