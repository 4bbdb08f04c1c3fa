"""The events of the video as a list model."""

from __future__ import annotations

from bisect import bisect_right
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt
from PyQt6.QtGui import QImage, QPixmap

from app.player.events import EventSnapshot, PolypEvent
from app.ui.time_text import clock_text, length_text
from app.ui.viewer_model import ViewerModel

EVENT_ROLE = int(Qt.ItemDataRole.UserRole)
"""The ``PolypEvent`` itself."""


class EventListModel(QAbstractListModel):
    """One row for each event, in the video's order; follows ``ViewerModel.events_changed``."""

    def __init__(self, model: ViewerModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._events: tuple[PolypEvent, ...] = ()
        self._thumbnails: dict[float, QPixmap] = {}
        model.events_changed.connect(self._take)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's default
        return 0 if parent.isValid() else len(self._events)

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        """The words (display), the picture (decoration), or the event (``EVENT_ROLE``)."""
        if not index.isValid():
            return None
        event = self._events[index.row()]
        if role == EVENT_ROLE:
            return event
        if role == Qt.ItemDataRole.DecorationRole:
            return self._thumbnail(event)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._words(event)
        return None

    def row_at(self, pts_s: float) -> int | None:
        """The event that holds ``pts_s``."""
        row = bisect_right(self._events, pts_s, key=lambda event: event.start_s) - 1
        return row if row >= 0 and pts_s < self._events[row].end_s else None

    def _words(self, event: PolypEvent) -> str:
        lines = [clock_text(event.start_s), length_text(event.end_s - event.start_s)]
        if not self._model.live:
            peak = self.tr("peak {probability}").format(probability=f"{event.peak_probability:.2f}")
            lines.append(peak)
        return "\n".join(lines)

    def _take(self, snapshot: EventSnapshot) -> None:
        before, after = self._events, snapshot.events
        # Rows come and go at the end, and all are told anew: the scrolled place and the selection
        # stay, as they would not if the whole model were reset.
        if len(after) > len(before):
            self.beginInsertRows(QModelIndex(), len(before), len(after) - 1)
            self._events = after
            self.endInsertRows()
        elif len(after) < len(before):
            self.beginRemoveRows(QModelIndex(), len(after), len(before) - 1)
            self._events = after
            self.endRemoveRows()
        else:
            self._events = after
        if after:
            self.dataChanged.emit(self.index(0), self.index(len(after) - 1))
        kept = {event.thumbnail_pts_s for event in after}
        self._thumbnails = {pts_s: p for pts_s, p in self._thumbnails.items() if pts_s in kept}

    def _thumbnail(self, event: PolypEvent) -> QPixmap | None:
        pts_s = event.thumbnail_pts_s
        if pts_s not in self._thumbnails and self._model.session is not None:
            image = self._model.session.thumbnail(pts_s)
            if image is not None:
                self._thumbnails[pts_s] = _pixmap(image)
        return self._thumbnails.get(pts_s)


def _pixmap(image: NDArray[np.uint8]) -> QPixmap:
    """A copy of (height, width, 3) uint8 RGB."""
    height, width, _ = image.shape
    rows = np.ascontiguousarray(image)
    return QPixmap.fromImage(
        QImage(rows.tobytes(), width, height, 3 * width, QImage.Format.Format_RGB888)
    )
