"""What is shown before a video is open."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.ui.theme import icon


class Welcome(QWidget):
    """Says how to open a video, and what this program is not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        middle = Qt.AlignmentFlag.AlignHCenter
        logo = QLabel(self)
        size = 6 * self.fontMetrics().height()
        logo.setPixmap(icon("polyplens").pixmap(size, size))
        title = QLabel(self.tr("Drop a video or a folder of images here"), self)
        font = title.font()
        font.setPixelSize(round(font.pixelSize() * 1.4))
        title.setFont(font)
        how = QLabel(self.tr("or open one, or a capture device, from the File menu"), self)
        how.setObjectName("quiet")
        keys = QLabel(self.tr("Help lists all keys"), self)
        keys.setObjectName("quiet")
        warning = QLabel(self.tr("Research only, not a medical device."), self)
        warning.setObjectName("quiet")
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addStretch(2)
        layout.addWidget(logo, 0, middle)
        for label in (title, how, keys):
            layout.addWidget(label)
        layout.addStretch(2)
        layout.addWidget(warning)
        for label in (title, how, keys, warning):
            label.setAlignment(middle)
            label.setWordWrap(True)  # in a narrow window
        layout.addSpacing(12)
