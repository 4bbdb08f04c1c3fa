"""The window: the video in the middle, the strip below it, lists and figures beside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtCore import QByteArray, QSize, Qt, QUrl, pyqtSignal
from PyQt6.QtGui import (
    QCloseEvent,
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QMouseEvent,
    QScreen,
)
from PyQt6.QtWidgets import (
    QDialog,
    QDockWidget,
    QFileDialog,
    QMainWindow,
    QStackedWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from app.player.playback import PlayerState
from app.player.shown import Shown
from app.sources.live_opening import is_live
from app.sources.location_text import location_title
from app.ui.about_dialog import AboutDialog
from app.ui.actions import ActionSet
from app.ui.alert_sound import AlertSound
from app.ui.capture_dialog import CaptureDialog
from app.ui.engine_actions import EngineActions
from app.ui.engine_process import EngineProcess
from app.ui.event_list import EventList
from app.ui.full_screen import FullScreen, screen_named
from app.ui.loading import LoadingBar
from app.ui.menus import fill_menu_bar
from app.ui.notice_bar import NoticeBar
from app.ui.picture_view import PictureView, Renderer
from app.ui.player_controls import PlayerControls
from app.ui.preferences_dialog import PreferencesDialog
from app.ui.recording_actions import RecordingActions
from app.ui.recordings import Recordings
from app.ui.screen_delay import ScreenDelay
from app.ui.shortcut_sheet import ShortcutSheet
from app.ui.signal_overlay import SignalOverlay
from app.ui.snapshots import Snapshots
from app.ui.statistics_panel import StatisticsPanel
from app.ui.transport_bar import TransportBar
from app.ui.viewer_model import ViewerModel
from app.ui.welcome import Welcome
from app.ui.wiring import Wiring

_ZOOM_STEP = 1.25
_FIRST_SIZE = QSize(1280, 800)
_LARGEST_SHARE = 0.9
"""Of the screen, for the first size."""


class MainWindow(QMainWindow):
    """Shows ``model``; closing it ends everything.

    Args:
        engines: builds and verifies TensorRT engines.
        renderer: what draws the picture.
        engine: the TensorRT engine's folder that was asked for, if one was.
        screen: monitor for full screen; None takes the one of the settings.
        log_folder: what "Open log folder" opens.
    """

    closed = pyqtSignal()
    """Nothing runs any more, or what still runs ends by itself."""

    def __init__(
        self,
        model: ViewerModel,
        snapshots: Snapshots,
        recordings: Recordings,
        engines: EngineProcess,
        log_folder: Path,
        *,
        renderer: Renderer,
        engine: Path | None = None,
        screen: QScreen | None = None,
    ) -> None:
        super().__init__()
        self.model = model
        self._snapshots = snapshots
        self._recordings = recordings
        self._log_folder = log_folder
        self._screen = screen
        self._layout_before = QByteArray()
        """Of the docks, while they are hidden in full screen."""
        self.setObjectName("main")
        self.setAcceptDrops(True)
        self.actions_by_name = ActionSet(self)
        self.addActions(list(self.actions_by_name))
        self.controls = PlayerControls(model)
        self.sound = AlertSound(model)
        self.wiring = Wiring(self.actions_by_name, model, self.controls)

        self.view = PictureView(self, renderer)
        self.signal = SignalOverlay(self.view)
        self.notice_bar = NoticeBar(self)
        self.loading_bar = LoadingBar(self)
        self.engine_bar = LoadingBar(self)
        self.transport = TransportBar(model, self.controls, self.actions_by_name, self)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(Welcome(self))
        self._stack.addWidget(self.view)
        self._lay_out()
        self.event_list = EventList(model, self)
        self.statistics = StatisticsPanel(model, engine, ScreenDelay(self.view), self)
        self._add_dock(self.tr("Events"), self.event_list, "events", shown=True)
        self._add_dock(self.tr("Statistics"), self.statistics, "statistics", shown=False)
        bar = self.menuBar()
        assert bar is not None
        fill_menu_bar(bar, self.actions_by_name, model)
        self._full_screen = FullScreen(self, bar)
        self._connect_model()
        self._connect_actions()
        EngineActions(engines, self.actions_by_name, model, self.engine_bar, self)
        RecordingActions(
            recordings, self.actions_by_name, model, self.transport.recording_badge, self
        )
        self._restore()

    @property
    def full_screen(self) -> bool:
        return self._full_screen.on

    def set_full_screen(self, on: bool) -> None:
        """On the chosen monitor; lists and figures give way, keys and badge stay."""
        if on == self.full_screen:
            return
        if on:
            self._layout_before = self.saveState()
            for dock in self.findChildren(QDockWidget):
                dock.hide()
            self._full_screen.enter(self._screen or screen_named(self.model.settings.screen))
        else:
            self.restoreState(self._layout_before)
            self._full_screen.leave()
        self.actions_by_name["full_screen"].setChecked(on)
        self.actions_by_name["leave_full_screen"].setEnabled(on)

    def dragEnterEvent(self, a0: QDragEnterEvent | None) -> None:
        if a0 is not None and _local_files(a0):
            a0.acceptProposedAction()

    def dropEvent(self, a0: QDropEvent | None) -> None:
        if a0 is None:
            return
        files = _local_files(a0)
        if files:
            a0.acceptProposedAction()
            self.model.open(files[0])
        if len(files) > 1:
            self.model.hint(self.tr("One at a time: the first of them was opened"))

    def mouseDoubleClickEvent(self, a0: QMouseEvent | None) -> None:
        if a0 is not None and self._stack.geometry().contains(a0.position().toPoint()):
            self.set_full_screen(not self.full_screen)

    def closeEvent(self, a0: QCloseEvent | None) -> None:
        self.set_full_screen(False)
        self.model.change(
            window_geometry=_as_text(self.saveGeometry()), window_layout=_as_text(self.saveState())
        )
        # Gone at once, even where a runtime that loads takes its time to end.
        self.hide()
        for dialog in self.findChildren(QDialog):
            dialog.close()
            if isinstance(dialog, CaptureDialog):
                dialog.end()
        self.closed.emit()
        super().closeEvent(a0)

    def _lay_out(self) -> None:
        middle = QWidget(self)
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.notice_bar)
        layout.addWidget(self.loading_bar)
        layout.addWidget(self.engine_bar)
        layout.addWidget(self._stack, 1)
        self.setCentralWidget(middle)
        # A tool bar goes below the docks too, so that the time bar has the window's whole width.
        strip = QToolBar(self.tr("Playback"), self)
        strip.setObjectName("transport")
        strip.setMovable(False)
        strip.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        strip.addWidget(self.transport)
        self.addToolBar(Qt.ToolBarArea.BottomToolBarArea, strip)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)

    def _add_dock(self, title: str, content: QWidget, name: str, *, shown: bool) -> None:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setFeatures(
            QDockWidget.DockWidgetFeature.DockWidgetClosable
            | QDockWidget.DockWidgetFeature.DockWidgetMovable
        )
        dock.setWidget(content)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        dock.setVisible(shown)
        action, own = self.actions_by_name[name], dock.toggleViewAction()
        assert own is not None
        action.setChecked(shown)
        own.toggled.connect(action.setChecked)
        action.triggered.connect(dock.setVisible)

    def _connect_model(self) -> None:
        model = self.model
        model.shown_changed.connect(self._show)
        model.look_changed.connect(self.view.set_look)
        model.state_changed.connect(self._show_signal)
        model.opened.connect(self._show_opened)
        model.noticed.connect(self.notice_bar.show_sentence)
        model.damage_changed.connect(self.notice_bar.show_damage)
        model.progress_changed.connect(self.loading_bar.show_progress)
        self.loading_bar.cancelled.connect(model.cancel_loading)
        self.event_list.chosen.connect(self.controls.seek)
        self.signal.retry_wanted.connect(model.retry)
        self.view.renderer_changed.connect(self.statistics.set_renderer)
        self.sound.failed.connect(model.notice)
        self._snapshots.failed.connect(model.notice)
        self._snapshots.saved.connect(self._snapshot_saved)
        self.statistics.set_renderer(self.view.renderer)
        self.view.set_look(model.look)
        self._show_opened(model.location)

    def _connect_actions(self) -> None:
        for name, call in {
            "open_file": self._ask_for_file,
            "open_folder": self._ask_for_folder,
            "open_capture": self._ask_for_capture,
            "snapshot": lambda: self._snapshots.take(self.view),
            "open_snapshots": lambda: self._open_folder(self._snapshots.folder),
            "open_recordings": lambda: self._open_folder(self._recordings.folder),
            "hide_notice": self.notice_bar.dismiss,
            "preferences": self._show_preferences,
            "quit": self.close,
            "zoom_in": lambda: self.view.zoom_by(_ZOOM_STEP),
            "zoom_out": lambda: self.view.zoom_by(1 / _ZOOM_STEP),
            "zoom_fit": self.view.reset_zoom,
            "leave_full_screen": lambda: self.set_full_screen(False),
            "shortcuts": self._show_shortcuts,
            "open_log": lambda: self._open_folder(self._log_folder),
            "about": lambda: self._show_dialog(AboutDialog, lambda: AboutDialog(self)),
        }.items():
            self.actions_by_name[name].triggered.connect(lambda _, call=call: call())
        self.actions_by_name["full_screen"].triggered.connect(self.set_full_screen)
        self.actions_by_name["leave_full_screen"].setEnabled(False)

    def _show(self, shown: Shown) -> None:
        self.view.show_frame(shown)
        self.event_list.follow(shown.frame.pts_s)

    def _show_signal(self, state: PlayerState | None) -> None:
        signal = None if state is None else state.signal
        self.signal.show_signal(signal, old=self.model.picture_old, frozen=self.model.frozen)

    def _show_opened(self, location: str) -> None:
        self.view.clear()
        self._stack.setCurrentIndex(1 if location else 0)
        title = location_title(location)
        self.setWindowTitle(f"{title} - PolypLens" if location else "PolypLens")

    def _snapshot_saved(self, path: str) -> None:
        self.model.hint(self.tr("Saved {name}").format(name=Path(path).stem))

    def _ask_for_file(self) -> None:
        location, _ = QFileDialog.getOpenFileName(self, self.tr("Open video"), self._last_folder())
        if location:
            self.model.open(location)

    def _ask_for_folder(self) -> None:
        location = QFileDialog.getExistingDirectory(
            self, self.tr("Open folder of images"), self._last_folder()
        )
        if location:
            self.model.open(location)

    def _ask_for_capture(self) -> None:
        self._show_dialog(CaptureDialog, lambda: CaptureDialog(self.model, self))

    def _last_folder(self) -> str:
        recent = [name for name in self.model.settings.recent_files if not is_live(name)]
        return str(Path(recent[0]).parent) if recent else str(Path.home())

    def _show_preferences(self) -> None:
        self._show_dialog(
            PreferencesDialog, lambda: PreferencesDialog(self.model, self.sound, self)
        )

    def _show_shortcuts(self) -> None:
        self._show_dialog(
            ShortcutSheet, lambda: ShortcutSheet(self.model.settings.key_bindings, self)
        )

    def _show_dialog(self, kind: type[QDialog], make: Callable[[], QDialog]) -> None:
        """The one of its kind that is open, in front; or a new one."""
        dialog = self.findChild(kind) or make()
        dialog.show()
        dialog.raise_()
        dialog.activateWindow()

    def _open_folder(self, folder: Path) -> None:
        if not folder.is_dir() or not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
            self.model.notice(self.tr("The folder is {folder}").format(folder=folder))

    def _restore(self) -> None:
        settings = self.model.settings
        if not self.restoreGeometry(_as_bytes(settings.window_geometry)):
            screen = self.screen()
            if screen is not None:
                available = screen.availableGeometry().size() * _LARGEST_SHARE
                self.resize(
                    available
                    if available.height() > 1.5 * _FIRST_SIZE.height()
                    else _FIRST_SIZE.boundedTo(available)
                )
        self.restoreState(_as_bytes(settings.window_layout))


def _local_files(event: QDropEvent) -> list[str]:
    data = event.mimeData()
    urls = [] if data is None else data.urls()
    return [url.toLocalFile() for url in urls if url.isLocalFile()]


def _as_text(content: QByteArray) -> str:
    return content.toBase64().data().decode("ascii")


def _as_bytes(text: str) -> QByteArray:
    return QByteArray.fromBase64(text.encode("ascii", "ignore"))
