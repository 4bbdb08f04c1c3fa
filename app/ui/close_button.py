"""The one button of windows in which everything takes effect at once."""

from __future__ import annotations

from PyQt6.QtGui import QIcon
from PyQt6.QtWidgets import QDialog, QDialogButtonBox


def close_button(dialog: QDialog) -> QDialogButtonBox:
    """Closes ``dialog``, as Escape does. Without the style's icon, which is black on black."""
    buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close, dialog)
    button = buttons.button(QDialogButtonBox.StandardButton.Close)
    if button is not None:
        button.setIcon(QIcon())
    buttons.rejected.connect(dialog.close)
    return buttons
