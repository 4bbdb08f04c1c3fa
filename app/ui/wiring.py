"""What each action does to the player and to the settings."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6.QtCore import QObject
from PyQt6.QtGui import QActionGroup

from app.player.playback import OpeningProgress, PlayerState
from app.player.settings import MarkerKind, ViewerSettings
from app.ui.actions import ActionSet
from app.ui.player_controls import PlayerControls
from app.ui.viewer_model import ViewerModel
from models.spec import ModelSpec

_THRESHOLD_STEP = 0.05
_VOLUME_STEP = 0.1
_MARKERS = {
    "marker_box": MarkerKind.BOX,
    "marker_contour": MarkerKind.CONTOUR,
    "marker_fill": MarkerKind.FILL,
    "marker_frame": MarkerKind.FRAME,
}
_NEEDS_VIDEO = ("close_video", "snapshot", "crop", "zoom_in", "zoom_out", "zoom_fit", "play")
_NEEDS_RECORDING = (
    "step_forward",
    "step_back",
    "forward_5",
    "back_5",
    "forward_10",
    "back_10",
    "to_start",
    "to_end",
    "next_event",
    "previous_event",
    "bookmark",
    "next_bookmark",
    "previous_bookmark",
    "faster",
    "slower",
    "normal_speed",
    "loop",
    "loop_part",
)


class Wiring(QObject):
    """Connects the actions that need no window with model and controls, and shows in them what
    is set: checked, or not to be had now."""

    def __init__(self, actions: ActionSet, model: ViewerModel, controls: PlayerControls) -> None:
        super().__init__(actions)
        self._actions = actions
        self._model = model
        self._bindings: Mapping[str, str] | None = None
        self._connect_player(controls)
        self._connect_settings()
        model.settings_changed.connect(self._show_settings)
        model.state_changed.connect(self._show_state)
        model.progress_changed.connect(self._show_progress)
        self._show_settings(model.settings)
        self._show_progress(model.progress)
        self._show_state(model.state)

    def _connect_player(self, controls: PlayerControls) -> None:
        for name, call in {
            "open_demo": lambda: self._model.open("phantom"),
            "close_video": self._model.close_video,
            "retry": self._model.retry,
            "cancel_loading": self._model.cancel_loading,
            "play": controls.toggle,
            "step_forward": lambda: controls.step(1),
            "step_back": lambda: controls.step(-1),
            "forward_5": lambda: controls.seek_by(5),
            "back_5": lambda: controls.seek_by(-5),
            "forward_10": lambda: controls.seek_by(10),
            "back_10": lambda: controls.seek_by(-10),
            "to_start": lambda: controls.seek(0.0),
            "to_end": controls.seek_to_end,
            "next_event": controls.next_event,
            "previous_event": controls.previous_event,
            "bookmark": controls.toggle_bookmark,
            "next_bookmark": controls.next_bookmark,
            "previous_bookmark": controls.previous_bookmark,
            "faster": controls.faster,
            "slower": controls.slower,
            "normal_speed": lambda: controls.set_speed(1.0),
            "loop": controls.toggle_loop,
            "loop_part": controls.mark_loop,
        }.items():
            self._actions[name].triggered.connect(lambda _, call=call: call())

    def _connect_settings(self) -> None:
        actions, model = self._actions, self._model
        actions["markers"].triggered.connect(lambda on: model.change(markers_visible=on))
        actions["side_by_side"].triggered.connect(lambda on: model.change(side_by_side=on))
        actions["crop"].triggered.connect(model.set_crop_to_area)
        actions["mute"].triggered.connect(lambda on: model.change(muted=on))
        actions["clear_recent"].triggered.connect(lambda: model.change(recent_files=()))
        actions["threshold_up"].triggered.connect(lambda: self._change_threshold(_THRESHOLD_STEP))
        actions["threshold_down"].triggered.connect(
            lambda: self._change_threshold(-_THRESHOLD_STEP)
        )
        actions["volume_up"].triggered.connect(lambda: self._change_volume(_VOLUME_STEP))
        actions["volume_down"].triggered.connect(lambda: self._change_volume(-_VOLUME_STEP))
        group = QActionGroup(self)
        for name, kind in _MARKERS.items():
            group.addAction(actions[name])
            actions[name].triggered.connect(
                lambda _, kind=kind: model.change(marker=kind, markers_visible=True)
            )

    def _change_threshold(self, step: float) -> None:
        set_before = self._model.settings.threshold
        before = ModelSpec().threshold if set_before is None else set_before
        threshold = round(min(max(before + step, 0.0), 1.0), 2)
        self._model.change(threshold=threshold)
        self._model.hint(self.tr("Threshold {value}").format(value=f"{threshold:.2f}"))

    def _change_volume(self, step: float) -> None:
        volume = round(min(max(self._model.settings.volume + step, 0.0), 1.0), 2)
        self._model.change(volume=volume, muted=False)
        self._model.hint(self.tr("Volume {value} %").format(value=round(volume * 100)))

    def _show_settings(self, settings: ViewerSettings) -> None:
        if settings.key_bindings != self._bindings:
            self._bindings = settings.key_bindings
            self._actions.bind(settings.key_bindings)
        self._actions["markers"].setChecked(settings.markers_visible)
        self._actions["side_by_side"].setChecked(settings.side_by_side)
        self._actions["mute"].setChecked(settings.muted)
        self._actions["mute"].setEnabled(settings.sound)
        for name, kind in _MARKERS.items():
            self._actions[name].setChecked(settings.marker is kind)

    def _show_progress(self, progress: OpeningProgress | None) -> None:
        self._actions["cancel_loading"].setEnabled(progress is not None)

    def _show_state(self, state: PlayerState | None) -> None:
        self._actions["retry"].setEnabled(self._model.can_retry)
        for name in _NEEDS_VIDEO:
            self._actions[name].setEnabled(bool(self._model.location))
        for name in _NEEDS_RECORDING:
            self._actions[name].setEnabled(bool(self._model.location) and not self._model.live)
        self._actions["loop"].setChecked(state is not None and state.loop is not None)
