"""``pytest tests/ui/render_small_screen.py``: the window and its sheet on a screen of 960x540.

Run by ``test_small_screen.py`` as a process of its own, since Qt takes its scale factor from the
environment when it starts.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint, QSize
from PyQt6.QtGui import QAction
from PyQt6.QtWidgets import QDialog, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from app.ui.shortcut_sheet import ShortcutSheet
from tests.ui.seat import Seat, write_clip

_TITLE_BAR_PX = 30
"""What a window manager takes."""
LIVE = "test-picture:320x240@10"


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


@pytest.mark.parametrize("location", ["", "clip", LIVE], ids=["nothing", "clip", "live"])
def test_a_window_of_640_has_room_for_what_matters(
    qtbot: QtBot, tmp_path: Path, location: str
) -> None:
    """Buttons of which menus and keys do the same give way, and come back."""
    seat = Seat(qtbot, tmp_path, None)
    window, bar = seat.window, seat.window.transport
    giving_way = {window.actions_by_name[name] for name in ("statistics", "side_by_side", "events")}

    def shown() -> set[QAction | None]:
        buttons = bar.findChildren(QToolButton)
        return {each.defaultAction() for each in buttons if each.isVisible()}

    if location:
        seat.open(write_clip(tmp_path / "clip.mp4", 0.5) if location == "clip" else location)
    window.resize(940, 480)
    seat.wait(lambda: giving_way <= shown(), "all buttons are there")
    assert window.event_list.isVisible()
    wide = shown()
    least = bar.minimumSizeHint()
    window.resize(640, 480)
    assert bar.minimumSizeHint() == least  # at once: no window is held wide by what gave way
    seat.wait(lambda: window.width() == 640, f"{window.minimumSizeHint()} is too wide")
    seat.wait(lambda: bar.minimumSizeHint().width() <= bar.width() == 640, "the strip fits")
    assert wide - shown() <= giving_way
    for each in bar.findChildren(QToolButton):
        if each.isVisible():
            assert each.mapTo(window, QPoint(each.width(), 0)).x() <= 640
    window.resize(940, 480)
    seat.wait(lambda: shown() == wide, "all buttons are back")
    seat.leave()
