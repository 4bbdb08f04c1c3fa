"""What this program is, which versions it runs with, and under which licences."""

from __future__ import annotations

import platform

from PyQt6.QtCore import PYQT_VERSION_STR, QT_VERSION_STR, Qt
from PyQt6.QtWidgets import QDialog, QGridLayout, QLabel, QVBoxLayout, QWidget

from app.installed import package_versions
from app.ui.close_button import close_button
from app.ui.theme import icon
from app.version import version

_LICENCES = {
    "PyQt6": "GPL-3.0",
    "av": "BSD-3-Clause; FFmpeg LGPL-3.0",
    "numpy": "BSD-3-Clause",
    "onnxruntime": "MIT",
    "opencv-python-headless": "Apache-2.0",
    "openvino": "Apache-2.0",
    "tensorrt": "NVIDIA Software Licence",
    "pycuda": "MIT",
}
"""Licence of each package that viewing may use."""


class AboutDialog(QDialog):
    """Versions, licences, and what it is not."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("About PolypLens"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        logo = QLabel(self)
        size = 4 * self.fontMetrics().height()
        logo.setPixmap(icon("polyplens").pixmap(size, size))
        layout.addWidget(logo)
        title = QLabel(f"PolypLens {version()}", self)
        font = title.font()
        font.setPixelSize(round(font.pixelSize() * 1.6))
        title.setFont(font)
        layout.addWidget(title)
        layout.addWidget(
            QLabel(self.tr("Marks polyps in colonoscopy video with HarDNet-MSEG."), self)
        )
        warning = QLabel(self.tr("Research only, not a medical device."), self)
        bold = warning.font()
        bold.setBold(True)
        warning.setFont(bold)
        layout.addWidget(warning)
        layout.addWidget(
            QLabel(self.tr("Licence: GPL-3.0 or later. It comes without warranty."), self)
        )
        layout.addLayout(self._versions())
        layout.addWidget(close_button(self))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def _versions(self) -> QGridLayout:
        rows = [
            ("Python", platform.python_version(), "PSF-2.0"),
            ("Qt", QT_VERSION_STR, "LGPL-3.0"),
        ]
        installed = package_versions(_LICENCES) | {"PyQt6": PYQT_VERSION_STR}
        rows += [(name, stated, _LICENCES[name]) for name, stated in installed.items()]
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        for row, words in enumerate(rows):
            for column, word in enumerate(words):
                label = QLabel(word, self)
                if column != 0:
                    label.setObjectName("quiet")
                grid.addWidget(label, row, column)
        return grid
