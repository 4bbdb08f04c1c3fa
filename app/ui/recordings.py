"""Records the live video that is on screen, until the person or the video ends it."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject, QStandardPaths, QTimer, pyqtSignal

from app.player.live_session import LiveSession
from app.player.recorder import RecordingState, RecordingStatus
from app.ui.viewer_model import ViewerModel

_LOOK_MS = 100


def recording_folder() -> Path:
    """``PolypLens`` in the person's videos folder."""
    videos = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.MoviesLocation)
    return Path(videos) / "PolypLens"


class Recordings(QObject):
    """At most one recording at a time, of the session that is on screen when it begins.

    A recording ends with its session; it is followed until it is on the disk, whatever is shown
    meanwhile.
    """

    changed = pyqtSignal()
    """``status`` did."""
    noticed = pyqtSignal(str)
    """One or two sentences: where a recording is, why it ended, or that room becomes scarce."""

    def __init__(self, model: ViewerModel, folder: Path) -> None:
        super().__init__(model)
        self.folder = folder
        self._model = model
        self._session: LiveSession | None = None
        """The one that is recorded."""
        self._status: RecordingStatus | None = None
        self._looking = QTimer(self)
        self._looking.setInterval(_LOOK_MS)
        self._looking.timeout.connect(self._look)

    @property
    def status(self) -> RecordingStatus | None:
        """Of the recording that has not ended; None without one."""
        return self._status

    @property
    def running(self) -> bool:
        """Whether frames are recorded."""
        return self._status is not None and self._status.state is RecordingState.RECORDING

    @property
    def possible(self) -> bool:
        """Whether one can begin."""
        state = self._model.state
        is_open = state is not None and state.source is not None
        return self._session is None and self._model.live and is_open

    def start(self) -> None:
        """Does nothing unless ``possible``."""
        session = self._model.session
        if self.possible and isinstance(session, LiveSession):
            session.start_recording(self.folder)
            self._session = session
            self._looking.start()
            self._look()

    def stop(self) -> None:
        if self._session is not None:
            self._session.stop_recording()
            self._look()

    def _look(self) -> None:
        before = self._status
        status = None if self._session is None else self._session.recording
        if status is None or status.state is RecordingState.ENDED:
            self._session = self._status = None
            self._looking.stop()
        else:
            self._status = status
        if self._status != before:
            self.changed.emit()
        if status is None:
            return
        if status.warning and (before is None or not before.warning):
            self.noticed.emit(status.warning)
        if status.outcome:
            self.noticed.emit(status.outcome)
