"""The actions and the badge that belong to recording live video."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from app.ui.actions import ActionSet
from app.ui.recording_badge import RecordingBadge
from app.ui.recordings import Recordings
from app.ui.viewer_model import ViewerModel


class RecordingActions(QObject):
    """Connects ``recordings`` with the window; what comes of it is said as a notice."""

    def __init__(
        self,
        recordings: Recordings,
        actions: ActionSet,
        model: ViewerModel,
        badge: RecordingBadge,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._recordings = recordings
        self._record = actions["record"]
        self._badge = badge
        self._record.triggered.connect(self._toggle)
        recordings.changed.connect(self._show)
        recordings.noticed.connect(model.notice)
        model.state_changed.connect(self._show)
        self._show()

    def _toggle(self, on: bool) -> None:
        if on:
            self._recordings.start()
        else:
            self._recordings.stop()
        self._show()

    def _show(self) -> None:
        recordings = self._recordings
        self._record.setChecked(recordings.running)
        self._record.setEnabled(recordings.running or recordings.possible)
        self._badge.show_status(recordings.status)
