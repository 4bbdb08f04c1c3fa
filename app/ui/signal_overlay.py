"""Over the picture of a live source: a veil where it is old, a label where the person froze it."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QPainter, QPaintEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from app.sources.live import Signal, SignalState
from app.ui.state_badge import SignalMark
from app.ui.theme import SUNKEN

_VEIL = QColor(SUNKEN.red(), SUNKEN.green(), SUNKEN.blue(), 205)
"""What is behind it is seen, and cannot be taken for a live picture."""
_NO_SIGNAL_SCALE = 1.8
_FROZEN_SCALE = 1.3
"""Of the type: what hides nothing but an old picture may be larger."""
_SENTENCE_CHARACTERS = 42


class SignalOverlay(QWidget):
    """Covers ``view`` while what it shows is not what the source gives now; else it is not there.

    Clicks, drags and the wheel go on to ``view``.
    """

    retry_wanted = pyqtSignal()

    def __init__(self, view: QWidget) -> None:
        super().__init__(view)
        self._old = False
        self._card = _SignalCard(self)
        self._card.retry.clicked.connect(self.retry_wanted)
        self._frozen = _FrozenLabel(self)
        layout = QGridLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.addWidget(self._frozen, 0, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addWidget(self._card, 1, 0, Qt.AlignmentFlag.AlignCenter)
        layout.setRowStretch(1, 1)
        view.installEventFilter(self)
        self.hide()

    @property
    def heading(self) -> str:
        """What is said in large letters; empty where the picture is live."""
        if self.isHidden():
            return ""
        return self._card.heading.text() if self._old else self._frozen.heading.text()

    @property
    def sentence(self) -> str:
        """What is said below; empty where the picture is live."""
        if self.isHidden():
            return ""
        return self._card.sentence.text() if self._old else self._frozen.sentence.text()

    @property
    def retry_button(self) -> QPushButton:
        return self._card.retry

    def show_signal(self, signal: Signal | None, *, old: bool, frozen: bool) -> None:
        """
        Args:
            signal: None where nothing is known yet.
            old: what is shown is not what the source gives now, and nobody froze it.
            frozen: the person froze it.
        """
        self._old = old
        sentence = "" if signal is None else signal.sentence
        self._card.setVisible(old)
        self._card.show_signal(signal)
        self._frozen.setVisible(frozen)
        self._frozen.show_signal(sentence)
        self.setVisible(old or frozen)
        self._cover()
        self.update()

    def eventFilter(self, a0: QObject | None, a1: QEvent | None) -> bool:
        """Stays as large as the view, and above what the view is made of."""
        if a1 is not None and a1.type() in (QEvent.Type.Resize, QEvent.Type.ChildAdded):
            self._cover()
        return False

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        if self._old:
            QPainter(self).fillRect(self.rect(), _VEIL)

    def _cover(self) -> None:
        view = self.parentWidget()
        if view is not None:
            self.setGeometry(view.rect())
        self.raise_()


class _SignalCard(QFrame):
    """What is wrong, why, and where it broke down for good a button to try again."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.mark = SignalMark(self)
        self.heading = _large_label("", _NO_SIGNAL_SCALE, self)
        self.sentence = _wrapped_label(self)
        self.retry = QPushButton(self.tr("Try again"), self)
        self.retry.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(28, 20, 28, 20)
        layout.setSpacing(10)
        for widget in (self.mark, self.heading, self.sentence, self.retry):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)

    def show_signal(self, signal: Signal | None) -> None:
        state, sentence = (None, "") if signal is None else (signal.state, signal.sentence)
        frozen = state is SignalState.FROZEN
        self.heading.setText(self.tr("FROZEN PICTURE") if frozen else self.tr("NO SIGNAL"))
        _show_sentence(self.sentence, sentence)
        self.sentence.setVisible(bool(sentence))
        self.retry.setVisible(state is SignalState.FAILED)


class _FrozenLabel(QFrame):
    """Says who froze the picture, and what goes on behind it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.heading = _large_label(self.tr("FROZEN BY YOU"), _FROZEN_SCALE, self)
        self.sentence = _wrapped_label(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 6, 16, 8)
        layout.setSpacing(2)
        for widget in (self.heading, self.sentence):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)

    def show_signal(self, sentence: str) -> None:
        """``sentence``: what is wrong with the signal meanwhile; empty where nothing is."""
        _show_sentence(
            self.sentence,
            self.tr("NO SIGNAL meanwhile. {sentence}").format(sentence=sentence)
            if sentence
            else self.tr("Capture goes on; Play shows what is live."),
        )


def _large_label(text: str, scale: float, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    font = label.font()
    font.setPixelSize(round(label.fontInfo().pixelSize() * scale))
    font.setBold(True)
    label.setFont(font)
    return label


def _wrapped_label(parent: QWidget) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    return label


def _show_sentence(label: QLabel, sentence: str) -> None:
    """As high as it needs, by hand: a card in the middle of a layout keeps the height it had."""
    label.setText(sentence)
    label.setMinimumHeight(0)  # it would count as needed
    width = _SENTENCE_CHARACTERS * label.fontMetrics().averageCharWidth()
    label.setFixedSize(width, max(label.heightForWidth(width), 0))
