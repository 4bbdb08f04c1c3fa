"""What the person may expect of the marker, always on screen: by colour, by shape and in words."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.player.shown import AiState
from app.ui.theme import BAD, GOOD, QUIET_TEXT, RAISED, TEXT, WARNING

_COLOURS = {
    AiState.READY: GOOD,
    AiState.STALE: WARNING,
    AiState.OFF: QUIET_TEXT,
    AiState.NO_SIGNAL: BAD,
}


class StateBadge(QWidget):
    """READY is a green disc, STALE an amber triangle, OFF a grey ring, NO SIGNAL a red cross."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._state = AiState.NO_SIGNAL
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.show_state(AiState.NO_SIGNAL, "")

    @property
    def state(self) -> AiState:
        return self._state

    def show_state(self, state: AiState, reason: str) -> None:
        """``reason`` is a sentence for the tool tip; without one it says what the state means."""
        self._state = state
        self.setToolTip(reason or self._meaning(state))
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(self.toolTip())
        self.update()

    def text(self) -> str:
        return {
            AiState.READY: self.tr("READY"),
            AiState.STALE: self.tr("STALE"),
            AiState.OFF: self.tr("OFF"),
            AiState.NO_SIGNAL: self.tr("NO SIGNAL"),
        }[self._state]

    def sizeHint(self) -> QSize:
        """Wide enough for the longest text: the badge does not move what stands beside it."""
        metrics = self.fontMetrics()
        height = metrics.height() + 10
        return QSize(metrics.horizontalAdvance(self.tr("NO SIGNAL")) + height + 16, height)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colour = _COLOURS[self._state]
        height = float(self.height())
        painter.setPen(QPen(colour, 1.5))
        painter.setBrush(RAISED)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), height / 2, height / 2)
        size = height * 0.42
        middle = QPointF(height * 0.6, height / 2)
        _draw_shape(painter, self._state, colour, middle, size)
        painter.setPen(TEXT)
        left = round(height * 1.05)
        painter.drawText(
            self.rect().adjusted(left, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, self.text()
        )

    def _meaning(self, state: AiState) -> str:
        return {
            AiState.READY: self.tr("The network has seen every frame that is shown."),
            AiState.STALE: self.tr("The video plays, but the network is too slow to mark it."),
            AiState.OFF: self.tr("Frames are shown without markers."),
            AiState.NO_SIGNAL: self.tr("There is no video."),
        }[state]


class SignalMark(QWidget):
    """The badge's cross alone, large: NO SIGNAL."""

    def sizeHint(self) -> QSize:
        side = 3 * self.fontMetrics().height()
        return QSize(side, side)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        state = AiState.NO_SIGNAL
        middle = QPointF(self.width() / 2, self.height() / 2)
        _draw_shape(painter, state, _COLOURS[state], middle, self.height() * 0.7)


def _draw_shape(
    painter: QPainter, state: AiState, colour: QColor, middle: QPointF, size: float
) -> None:
    half = size / 2
    if state is AiState.READY:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(middle, half, half)
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    if state is AiState.STALE:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        top, left, right = QPointF(0, -half), QPointF(-half, half), QPointF(half, half)
        painter.drawPolygon(QPolygonF([middle + top, middle + left, middle + right]))
        return
    painter.setPen(QPen(colour, size * 0.22))
    if state is AiState.OFF:
        painter.drawEllipse(middle, half * 0.85, half * 0.85)
        return
    for sign in (-1, 1):
        corner = QPointF(half * 0.8, sign * half * 0.8)
        painter.drawLine(middle - corner, middle + corner)
