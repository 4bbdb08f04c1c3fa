"""Whether the video is recorded, so that nobody can be in doubt: red and filled while it is."""

from __future__ import annotations

from PyQt6.QtCore import QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from app.player.recorder import RecordingState, RecordingStatus
from app.ui.theme import BAD, RAISED, SUNKEN, TEXT
from app.ui.time_text import timer_text


class RecordingBadge(QWidget):
    """REC with the time recorded, and what is wrong with it; not there where nothing is."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._status: RecordingStatus | None = None
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.hide()

    def show_status(self, status: RecordingStatus | None) -> None:
        self._status = status
        self.setToolTip(self._meaning())
        self.setAccessibleName(self.text())
        self.setAccessibleDescription(self.toolTip())
        self.setVisible(status is not None)
        self.updateGeometry()
        self.update()

    def text(self) -> str:
        status = self._status
        if status is None:
            return ""
        if status.state is RecordingState.SAVING:
            return self.tr("SAVING")
        words = [self.tr("REC {time}").format(time=timer_text(status.seconds))]
        if not status.picture_found:
            words.append(self.tr("black"))
        if status.dropped:
            words.append(self.tr("{count} dropped").format(count=f"{status.dropped:,}"))
        return " · ".join(words)

    def sizeHint(self) -> QSize:
        """As wide as if every digit were the widest: what stands beside it must not tremble."""
        metrics = self.fontMetrics()
        height = metrics.height() + 10
        widest = "".join("0" if each.isdigit() else each for each in self.text())
        return QSize(metrics.horizontalAdvance(widest) + height + 20, height)

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        recording = self._status is not None and self._status.state is RecordingState.RECORDING
        ink = SUNKEN if recording else TEXT
        height = float(self.height())
        painter.setPen(QPen(BAD, 1.5))
        painter.setBrush(BAD if recording else RAISED)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), height / 2, height / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ink)
        painter.drawEllipse(QPointF(height * 0.6, height / 2), height * 0.21, height * 0.21)
        painter.setPen(ink)
        left = round(height * 1.05)
        painter.drawText(
            self.rect().adjusted(left, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter, self.text()
        )

    def _meaning(self) -> str:
        status = self._status
        if status is None:
            return ""
        if status.state is RecordingState.SAVING:
            return self.tr("The recording is being completed.")
        sentences = [self.tr("The video is being recorded.")]
        if not status.picture_found:
            sentences.append(
                self.tr(
                    "It is black until the endoscope's picture is found: what lies around it may "
                    "name the patient."
                )
            )
        if status.dropped:
            sentences.append(self.tr("The computer is too slow to record every frame."))
        return " ".join(sentences)
