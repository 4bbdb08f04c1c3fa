"""All keys at a glance (key ``?``)."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QGroupBox,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui.actions import ACTIONS, keys_of, translated
from app.ui.close_button import close_button

_LARGEST_SHARE = 0.9
"""Of the screen; what is larger scrolls."""


class ShortcutSheet(QDialog):
    """A column for each menu, a row for each action that has a key."""

    def __init__(self, bindings: Mapping[str, str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        sheet = QWidget(self)
        columns = QHBoxLayout(sheet)
        columns.setContentsMargins(0, 0, 0, 0)
        boxes: dict[str, QGridLayout] = {}
        rows: dict[str, int] = {}
        for spec in ACTIONS:
            keys = QKeySequence.listToString(
                keys_of(spec, bindings), QKeySequence.SequenceFormat.NativeText
            )
            if not keys:
                continue
            if spec.group not in boxes:
                boxes[spec.group] = self._column(translated(spec.group), columns)
            grid = boxes[spec.group]
            row = rows.get(spec.group, 0)
            rows[spec.group] = row + 1
            key_label = QLabel(keys.replace("; ", self.tr("  or  ")), self)
            key_label.setTextFormat(Qt.TextFormat.PlainText)
            text_label = QLabel(translated(spec.text).rstrip("…"), self)
            text_label.setObjectName("quiet")
            grid.addWidget(key_label, row, 0)
            grid.addWidget(text_label, row, 1)
        for group, grid in boxes.items():
            grid.setRowStretch(rows[group], 1)
        scroll = QScrollArea(self)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setWidgetResizable(True)
        scroll.setWidget(sheet)
        close = close_button(self)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll)
        layout.addWidget(close)
        margins, spacing = layout.contentsMargins(), layout.spacing()
        wanted = sheet.sizeHint().grownBy(margins)
        wanted.setHeight(wanted.height() + spacing + close.sizeHint().height())
        screen = self.screen()
        if screen is not None:
            wanted = wanted.boundedTo(screen.availableGeometry().size() * _LARGEST_SHARE)
        self.resize(wanted)

    def _column(self, title: str, columns: QHBoxLayout) -> QGridLayout:
        box = QGroupBox(title, self)
        grid = QGridLayout(box)
        grid.setHorizontalSpacing(20)
        columns.addWidget(box)
        return grid
