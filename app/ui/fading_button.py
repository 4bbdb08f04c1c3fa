"""A tool button whose look says whether it can be used now."""

from __future__ import annotations

from PyQt6.QtGui import QPaintEvent
from PyQt6.QtWidgets import QStyle, QStyleOptionToolButton, QStylePainter, QToolButton

_FADED = 0.35
"""Opacity of what cannot be used. The style's own grey is hardly darker than what can."""


class FadingButton(QToolButton):
    """Faint while it is disabled."""

    def paintEvent(self, a0: QPaintEvent | None) -> None:
        option = QStyleOptionToolButton()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        if not self.isEnabled():
            painter.setOpacity(_FADED)
            option.state |= QStyle.StateFlag.State_Enabled
        painter.drawComplexControl(QStyle.ComplexControl.CC_ToolButton, option)
