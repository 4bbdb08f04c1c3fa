"""The list of events: thumbnail, start, length and peak probability; a click goes there."""

from __future__ import annotations

from PyQt6.QtCore import QModelIndex, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFont, QPainter, QPaintEvent, QPixmap
from PyQt6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from app.player.events import PolypEvent
from app.ui.event_model import EVENT_ROLE, EventListModel
from app.ui.theme import ACCENT, LINE, QUIET_TEXT, RAISED, SUNKEN, TEXT
from app.ui.viewer_model import ViewerModel

_PADDING_PX = 8
_LINES = 3
_ASPECT = 16 / 9


class EventList(QListView):
    """Keys stay with the player: the list is for the mouse, N and P for the hand."""

    chosen = pyqtSignal(float)
    """Seconds: the start of the event that was clicked."""

    def __init__(self, model: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._events = EventListModel(model, self)
        self.setModel(self._events)
        self.setItemDelegate(_EventDelegate(self))
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setFrameShape(QListView.Shape.NoFrame)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setUniformItemSizes(True)
        self.setMouseTracking(True)
        self.setAccessibleName(self.tr("Events"))
        self.clicked.connect(self._clicked)

    def sizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 40, 200)

    def minimumSizeHint(self) -> QSize:
        return QSize(self.fontMetrics().averageCharWidth() * 26, 80)

    def follow(self, pts_s: float) -> None:
        """Highlights the event that holds ``pts_s``, if one does."""
        row = self._events.row_at(pts_s)
        current = self.currentIndex().row() if self.currentIndex().isValid() else None
        if row != current:
            index = QModelIndex() if row is None else self._events.index(row)
            self.setCurrentIndex(index)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        super().paintEvent(a0)
        viewport = self.viewport()
        if self._events.rowCount() or viewport is None:
            return
        painter = QPainter(viewport)
        painter.setPen(QUIET_TEXT)
        painter.drawText(
            viewport.rect().adjusted(16, 16, -16, -16),
            int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap),
            self.tr("Polyps seen while the video plays are listed here."),
        )

    def _clicked(self, index: QModelIndex) -> None:
        event: PolypEvent = index.data(EVENT_ROLE)
        self.chosen.emit(event.start_s)


class _EventDelegate(QStyledItemDelegate):
    """A thumbnail on the left, three lines beside it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        height = option.fontMetrics.lineSpacing() * _LINES + 3 * _PADDING_PX
        return QSize(200, height)

    def paint(
        self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        if painter is None:
            return
        painter.save()
        rect = option.rect
        state = option.state
        if state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, RAISED)
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, RAISED)
            painter.fillRect(QRect(rect.left(), rect.top(), 3, rect.height()), ACCENT)
        picture = QRect(rect).adjusted(_PADDING_PX + 3, _PADDING_PX, 0, -_PADDING_PX)
        picture.setWidth(round(picture.height() * _ASPECT))
        _paint_thumbnail(painter, index.data(Qt.ItemDataRole.DecorationRole), picture)
        text = rect.adjusted(picture.right() - rect.left() + 2 * _PADDING_PX, _PADDING_PX, 0, 0)
        for line, words in enumerate(str(index.data()).split("\n")):
            font = QFont(option.font)
            font.setBold(line == 0)
            painter.setFont(font)
            painter.setPen(TEXT if line == 0 else QUIET_TEXT)
            painter.drawText(text, int(Qt.AlignmentFlag.AlignTop), words)
            text.setTop(text.top() + option.fontMetrics.lineSpacing() + 2)
        painter.setPen(LINE)
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.restore()


def _paint_thumbnail(painter: QPainter, pixmap: QPixmap | None, place: QRect) -> None:
    painter.fillRect(place, SUNKEN)
    if pixmap is None:
        return
    size = pixmap.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
    fitted = QRect(0, 0, size.width(), size.height())
    fitted.moveCenter(place.center())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.drawPixmap(fitted, pixmap)
