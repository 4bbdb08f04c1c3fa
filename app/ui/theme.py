"""The dark, calm look of every window: colours, type size, numbers and icons."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QLocale
from PyQt6.QtGui import QColor, QIcon, QPalette, QScreen
from PyQt6.QtWidgets import QApplication, QStyleFactory

ICONS = Path(__file__).parents[2] / "assets" / "icons"

WINDOW = QColor("#171b20")
RAISED = QColor("#20262d")
SUNKEN = QColor("#0e1114")
LINE = QColor("#343c46")
TEXT = QColor("#e4e9ef")
QUIET_TEXT = QColor("#9aa5b1")
ACCENT = QColor("#4aa8d8")
EVENT = QColor("#f2b23e")
GOOD = QColor("#57c48a")
WARNING = QColor("#f2b23e")
BAD = QColor("#e8655f")

_LEAST_TYPE_PX, _LARGEST_TYPE_PX = 13, 28
_TYPE_SHARE_OF_SCREEN = 1 / 76
"""Of the screen's height, so that a monitor across the room can be read as well as a laptop's."""


def apply_theme(application: QApplication) -> None:
    """Gives ``application`` its palette, its style and a type size that fits its first screen.

    Numbers in fields are written as in the English sentences round them, wherever the person is.
    """
    QLocale.setDefault(QLocale.c())
    application.setStyle(QStyleFactory.create("Fusion"))
    application.setPalette(_palette())
    screen = application.primaryScreen()
    if screen is not None:
        font = application.font()
        font.setPixelSize(type_size_px(screen))
        application.setFont(font)
    application.setStyleSheet(_style_sheet())
    application.setWindowIcon(icon("polyplens"))


def type_size_px(screen: QScreen) -> int:
    """Height of the type in device-independent pixels."""
    wanted = round(screen.size().height() * _TYPE_SHARE_OF_SCREEN)
    return min(max(wanted, _LEAST_TYPE_PX), _LARGEST_TYPE_PX)


def icon(name: str) -> QIcon:
    """The drawing ``assets/icons/NAME.svg``.

    Raises:
        FileNotFoundError: there is none.
    """
    path = ICONS / f"{name}.svg"
    if not path.is_file():
        raise FileNotFoundError(f"there is no icon {path.name}")
    return QIcon(str(path))


def _palette() -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for colour_role, colour in {
        role.Window: WINDOW,
        role.WindowText: TEXT,
        role.Base: SUNKEN,
        role.AlternateBase: RAISED,
        role.Text: TEXT,
        role.PlaceholderText: QUIET_TEXT,
        role.Button: RAISED,
        role.ButtonText: TEXT,
        role.BrightText: BAD,
        role.ToolTipBase: RAISED,
        role.ToolTipText: TEXT,
        role.Highlight: ACCENT.darker(150),
        role.HighlightedText: TEXT,
        role.Link: ACCENT,
        role.Light: LINE,
        role.Midlight: RAISED,
        role.Mid: LINE,
        role.Dark: SUNKEN,
        role.Shadow: SUNKEN,
    }.items():
        palette.setColor(colour_role, colour)
    for colour_role in (role.WindowText, role.Text, role.ButtonText, role.HighlightedText):
        palette.setColor(QPalette.ColorGroup.Disabled, colour_role, QColor("#66707b"))
    return palette


def _style_sheet() -> str:
    line, raised, window = LINE.name(), RAISED.name(), WINDOW.name()
    return f"""
        QToolTip {{ color: {TEXT.name()}; background: {raised}; border: 1px solid {line}; }}
        QMenuBar {{ background: {window}; border-bottom: 1px solid {line}; }}
        QMenu {{ background: {raised}; border: 1px solid {line}; }}
        QMenu::separator {{ height: 1px; background: {line}; margin: 4px 8px; }}
        QDockWidget {{ color: {QUIET_TEXT.name()}; }}
        QDockWidget::title {{ background: {window}; padding: 6px 8px; }}
        QMainWindow::separator {{ background: {line}; width: 1px; height: 1px; }}
        QDialog {{ border: 1px solid {line}; }}
        QToolBar {{ background: {raised}; border: none; padding: 0; spacing: 0; }}
        QToolButton {{ border: 1px solid transparent; border-radius: 4px; padding: 4px; }}
        QToolButton:hover {{ background: {raised}; border-color: {line}; }}
        QToolButton:checked {{ background: {raised}; border-color: {ACCENT.name()}; }}
        QToolButton::menu-indicator {{ image: none; }}
        QFrame#bar {{ background: {raised}; border: none; }}
        QFrame#card {{ background: {raised}; border: 1px solid {line}; border-radius: 8px; }}
        QProgressBar {{ background: {SUNKEN.name()}; border: 1px solid {line}; }}
        QProgressBar::chunk {{ background: {ACCENT.name()}; width: 24px; }}
        QListWidget::item {{ padding: 6px 8px; }}
        QLabel#quiet {{ color: {QUIET_TEXT.name()}; }}
    """
