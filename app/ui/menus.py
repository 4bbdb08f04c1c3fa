"""The menu bar: which action stands where."""

from __future__ import annotations

from PyQt6.QtCore import QCoreApplication
from PyQt6.QtWidgets import QMenu, QMenuBar

from app.player.settings import ViewerSettings
from app.sources.location_text import location_title
from app.ui.actions import FILE, HELP, PLAYBACK, VIEW, ActionSet, translated
from app.ui.viewer_model import ViewerModel

_LINE = ""
_RECENT = "recent"
_MARKER = "marker"
_MENUS: dict[str, tuple[str, ...]] = {
    FILE: (
        "open_file",
        "open_folder",
        "open_capture",
        _RECENT,
        "open_demo",
        "retry",
        "cancel_loading",
        "close_video",
        _LINE,
        "snapshot",
        "open_snapshots",
        "record",
        "open_recordings",
        _LINE,
        "build_engine",
        "verify_engine",
        _LINE,
        "preferences",
        _LINE,
        "quit",
    ),
    VIEW: (
        "markers",
        _MARKER,
        "side_by_side",
        _LINE,
        "crop",
        "zoom_in",
        "zoom_out",
        "zoom_fit",
        _LINE,
        "full_screen",
        "leave_full_screen",
        _LINE,
        "events",
        "statistics",
        "hide_notice",
    ),
    PLAYBACK: (
        "play",
        "step_back",
        "step_forward",
        "back_5",
        "forward_5",
        "back_10",
        "forward_10",
        "to_start",
        "to_end",
        _LINE,
        "previous_event",
        "next_event",
        "bookmark",
        "previous_bookmark",
        "next_bookmark",
        _LINE,
        "slower",
        "faster",
        "normal_speed",
        "loop",
        "loop_part",
        _LINE,
        "threshold_up",
        "threshold_down",
        "mute",
        "volume_up",
        "volume_down",
    ),
    HELP: ("shortcuts", "open_log", _LINE, "about"),
}
_MARKERS = ("marker_box", "marker_contour", "marker_fill", "marker_frame")


def fill_menu_bar(bar: QMenuBar, actions: ActionSet, model: ViewerModel) -> None:
    """Puts every action into its menu."""
    for title, names in _MENUS.items():
        menu = bar.addMenu(f"&{translated(title)}")
        assert menu is not None
        for name in names:
            if name == _LINE:
                menu.addSeparator()
            elif name == _RECENT:
                menu.addMenu(RecentMenu(actions, model, menu))
            elif name == _MARKER:
                _add_markers(menu, actions)
            else:
                menu.addAction(actions[name])


def _add_markers(menu: QMenu, actions: ActionSet) -> None:
    kinds = menu.addMenu(QCoreApplication.translate("Menus", "Marker"))
    assert kinds is not None
    for name in _MARKERS:
        kinds.addAction(actions[name])


class RecentMenu(QMenu):
    """The videos that were opened last."""

    def __init__(self, actions: ActionSet, model: ViewerModel, parent: QMenu) -> None:
        super().__init__(QCoreApplication.translate("Menus", "Open recent"), parent)
        self._actions = actions
        self._model = model
        model.settings_changed.connect(self._fill)
        self._fill(model.settings)

    def _fill(self, settings: ViewerSettings) -> None:
        self.clear()
        for location in settings.recent_files:
            action = self.addAction(location_title(location).replace("&", "&&"))
            assert action is not None
            action.setToolTip(location)
            action.triggered.connect(lambda _, location=location: self._model.open(location))
        self.addSeparator()
        self.addAction(self._actions["clear_recent"])
        self.setEnabled(bool(settings.recent_files))
