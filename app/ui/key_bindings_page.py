"""The page of the preferences on which every key can be changed, a foot pedal's too."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeySequence
from PyQt6.QtWidgets import (
    QGridLayout,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui.actions import ACTIONS, ActionSpec, keys_of, translated
from app.ui.viewer_model import ViewerModel


class KeyBindingsPage(QWidget):
    """A field for each action: click it and press the key, or the pedal."""

    def __init__(self, model: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._fields: dict[str, QKeySequenceEdit] = {}
        content = QWidget(self)
        grid = QGridLayout(content)
        grid.setColumnStretch(0, 1)
        for row, spec in enumerate(ACTIONS):
            field = QKeySequenceEdit(content)
            field.setMaximumSequenceLength(1)
            field.setClearButtonEnabled(True)
            field.setAccessibleName(translated(spec.text))
            field.editingFinished.connect(lambda spec=spec: self._edited(spec))
            grid.addWidget(QLabel(translated(spec.text).rstrip("…"), content), row, 0)
            grid.addWidget(field, row, 1)
            self._fields[spec.name] = field
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(content)
        self._message = QLabel(self)
        self._message.setWordWrap(True)
        reset = QPushButton(self.tr("All keys as they were at first"), self)
        reset.clicked.connect(self._reset)
        layout = QVBoxLayout(self)
        layout.addWidget(scroll, 1)
        layout.addWidget(self._message)
        layout.addWidget(reset, 0, Qt.AlignmentFlag.AlignLeft)
        self._fill()

    @property
    def message(self) -> str:
        """Why the last key was not taken; empty if it was."""
        return self._message.text()

    def field(self, name: str) -> QKeySequenceEdit:
        """The field of the action ``name``."""
        return self._fields[name]

    def _fill(self) -> None:
        bindings = self._model.settings.key_bindings
        for spec in ACTIONS:
            keys = keys_of(spec, bindings)
            self._fields[spec.name].setKeySequence(keys[0] if keys else QKeySequence())

    def _edited(self, spec: ActionSpec) -> None:
        bindings = dict(self._model.settings.key_bindings)
        wanted = self._fields[spec.name].keySequence()
        own = keys_of(spec, bindings)
        if wanted == (own[0] if own else QKeySequence()):
            return
        for other in ACTIONS:
            if other is not spec and wanted in keys_of(other, bindings):
                text = translated(other.text).rstrip("…")
                self._message.setText(
                    self.tr("{keys} already stands for “{other}”; change that one first.").format(
                        keys=wanted.toString(QKeySequence.SequenceFormat.NativeText), other=text
                    )
                )
                self._fill()
                return
        self._message.clear()
        bindings[spec.name] = wanted.toString()
        if bindings[spec.name] == spec.keys:
            del bindings[spec.name]
        self._model.change(key_bindings=bindings)

    def _reset(self) -> None:
        self._message.clear()
        self._model.change(key_bindings={})
        self._fill()
