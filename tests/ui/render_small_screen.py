"""``pytest tests/ui/render_small_screen.py``: the window and its sheet on a screen of 960x540.

Run by ``test_small_screen.py`` as a process of its own, since Qt takes its scale factor from the
environment when it starts.
"""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QPoint, QSize
from PyQt6.QtWidgets import QDialog, QWidget
from pytestqt.qtbot import QtBot

from app.ui.shortcut_sheet import ShortcutSheet
from tests.ui.seat import Seat, write_clip

_TITLE_BAR_PX = 30
"""What a window manager takes."""


def test_everything_fits(qtbot: QtBot, tmp_path: Path) -> None:
    seat = Seat(qtbot, tmp_path, None)
    window = seat.window
    screen = window.screen()
    assert screen is not None
    assert screen.size() == QSize(960, 540)
    window.resize(screen.size().width(), screen.size().height() - _TITLE_BAR_PX)
    seat.open(write_clip(tmp_path / "clip.mp4", seconds=0.5))
    seat.model.notice("A notice.")
    seat.press("I")
    seat.wait(window.statistics.isVisible, "both lists are there")
    assert window.event_list.isVisible()
    qtbot.wait(200)

    def lower_edge(widget: QWidget) -> int:
        return widget.mapTo(window, QPoint(0, widget.height())).y()

    assert window.height() <= screen.size().height() - _TITLE_BAR_PX
    assert lower_edge(window.transport.badge) <= window.height()
    for name in ("shortcuts", "preferences", "open_capture", "about"):
        window.actions_by_name[name].trigger()
    for dialog in window.findChildren(QDialog):
        seat.wait(dialog.isVisible, "it is there")
        assert dialog.width() <= screen.size().width(), dialog.windowTitle()
        assert dialog.height() <= screen.size().height() - _TITLE_BAR_PX, dialog.windowTitle()
    assert window.findChild(ShortcutSheet) is not None
    seat.leave()
