"""The bar to seek on. It fills with what was played, and with where polyps were seen."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PyQt6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.player.events import EventSnapshot
from app.player.playback import Span
from app.ui.theme import ACCENT, EVENT, LINE, QUIET_TEXT, SUNKEN, TEXT
from app.ui.time_text import clock_text

_MARGIN_PX = 10.0


class TimeBar(QWidget):
    """Played parts are a thin band; polyps are blocks of the bar's full height, so that they are
    told apart without colour; bookmarks are flags above it, the loop a bracket below."""

    sought = pyqtSignal(float)
    """Seconds: clicked or dragged to."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._duration_s = 0.0
        self._position_s = 0.0
        self._events = EventSnapshot()
        self._bookmarks: tuple[float, ...] = ()
        self._loop: Span | None = None
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Time bar"))

    def sizeHint(self) -> QSize:
        return QSize(320, self.fontMetrics().height() + 16)

    @property
    def position_s(self) -> float:
        return self._position_s

    def set_duration(self, duration_s: float | None) -> None:
        """None, or 0, where nobody knows: nothing can be sought then."""
        self._duration_s = duration_s or 0.0
        self.update()

    def set_position(self, position_s: float) -> None:
        before = round(self._x(self._position_s))
        self._position_s = position_s
        if round(self._x(position_s)) != before:
            self.update()

    def set_events(self, events: EventSnapshot) -> None:
        self._events = events
        self.update()

    def set_bookmarks(self, bookmarks: tuple[float, ...]) -> None:
        self._bookmarks = bookmarks
        self.update()

    def set_loop(self, loop: Span | None) -> None:
        """The part that is played again and again; the whole video is not drawn."""
        self._loop = loop
        self.update()

    def mousePressEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and a0.button() is Qt.MouseButton.LeftButton:
            self._seek(a0)

    def mouseMoveEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is None or not self._duration_s:
            return
        if a0.buttons() & Qt.MouseButton.LeftButton:
            self._seek(a0)
        text = clock_text(self._seconds(a0.position().x()))
        QToolTip.showText(a0.globalPosition().toPoint(), text, self)

    def leaveEvent(self, a0: QEvent | None) -> None:
        QToolTip.hideText()

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        band = self._band()
        painter.setPen(QPen(LINE, 1))
        painter.setBrush(SUNKEN)
        painter.drawRoundedRect(band, 3, 3)
        if not self._duration_s:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ACCENT.darker(190))
        for span in self._events.seen:
            painter.drawRect(self._stretch(span.start_s, span.end_s, band.height() * 0.36))
        painter.setBrush(EVENT)
        for event in self._events.events:
            painter.drawRect(self._stretch(event.start_s, event.end_s, band.height()))
        self._paint_loop(painter, band)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QUIET_TEXT)
        for bookmark_s in self._bookmarks:
            tip = QPointF(self._x(bookmark_s), band.top())
            painter.drawPolygon(QPolygonF([tip, tip + QPointF(-4, -6), tip + QPointF(4, -6)]))
        self._paint_position(painter, band)

    def _paint_loop(self, painter: QPainter, band: QRectF) -> None:
        if self._loop is None or (
            self._loop.start_s <= 0 and self._loop.end_s >= self._duration_s - 1e-3
        ):
            return
        painter.setPen(QPen(ACCENT, 2))
        left, right = self._x(self._loop.start_s), self._x(self._loop.end_s)
        below = band.bottom() + 5
        painter.drawLine(QPointF(left, below), QPointF(right, below))
        for x in (left, right):
            painter.drawLine(QPointF(x, below), QPointF(x, band.bottom()))

    def _paint_position(self, painter: QPainter, band: QRectF) -> None:
        x = self._x(self._position_s)
        painter.setPen(QPen(SUNKEN, 1))
        painter.setBrush(TEXT)
        painter.drawRoundedRect(QRectF(x - 3, band.top() - 4, 6, band.height() + 8), 2.5, 2.5)

    def _band(self) -> QRectF:
        height = max(self.height() - 20.0, 8.0)
        return QRectF(
            _MARGIN_PX, (self.height() - height) / 2, self.width() - 2 * _MARGIN_PX, height
        )

    def _stretch(self, start_s: float, end_s: float, height: float) -> QRectF:
        """At least 2 pixels wide: one frame of a long video is still seen."""
        left = self._x(start_s)
        width = max(self._x(end_s) - left, 2.0)
        return QRectF(left, self.height() / 2 - height / 2, width, height)

    def _x(self, seconds: float) -> float:
        band = self._band()
        if not self._duration_s:
            return band.left()
        share = min(max(seconds / self._duration_s, 0.0), 1.0)
        return band.left() + share * band.width()

    def _seconds(self, x: float) -> float:
        band = self._band()
        return min(max((x - band.left()) / band.width(), 0.0), 1.0) * self._duration_s

    def _seek(self, mouse: QMouseEvent) -> None:
        if self._duration_s:
            self.sought.emit(self._seconds(mouse.position().x()))
