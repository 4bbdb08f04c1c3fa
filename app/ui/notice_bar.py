"""Sentences above the video, until they are taken away; nothing waits for an answer."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

_MOST_SENTENCES = 3
"""Of those that nobody closed; the oldest give way."""


class NoticeBar(QFrame):
    """Shows what went wrong or what should be known, each on a line of its own."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._sentences: tuple[str, ...] = ()
        self._damage: tuple[str, ...] = ()
        self._damage_read = 0
        """How many sentences on damage were there when the bar was closed."""
        self._label = QLabel(self)
        self._label.setTextFormat(Qt.TextFormat.PlainText)
        self._label.setWordWrap(True)
        self._label.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QPushButton(self.tr("Close"), self)
        close.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        close.clicked.connect(self.dismiss)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 4)
        layout.addWidget(self._label, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        self.hide()

    @property
    def sentence(self) -> str:
        """What is shown, a line for each sentence; empty where nothing is."""
        return self._label.text() if not self.isHidden() else ""

    def show_sentence(self, sentence: str) -> None:
        """Below those that nobody closed; an empty one takes them all away."""
        others = tuple(other for other in self._sentences if other != sentence)
        self._sentences = (*others, sentence)[-_MOST_SENTENCES:] if sentence else ()
        self._show()

    def show_damage(self, sentences: tuple[str, ...]) -> None:
        """What could not be read of the video so far, a sentence for each kind of damage.

        Their counts rise while it plays. Once closed they come back only with another kind.
        """
        self._damage = sentences
        self._damage_read = min(self._damage_read, len(sentences))
        self._show()

    def dismiss(self) -> None:
        """The person has read it."""
        self._sentences = ()
        self._damage_read = len(self._damage)
        self._show()

    def _show(self) -> None:
        damage = self._damage if len(self._damage) > self._damage_read else ()
        self._label.setText("\n".join((*damage, *self._sentences)))
        self.setVisible(bool(damage or self._sentences))
