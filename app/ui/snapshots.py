"""Saves what is on screen without holding up the window."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from PyQt6.QtCore import QObject, QStandardPaths, QTimer, pyqtSignal

from app.player.shown import Shown
from app.sinks.base import SinkError
from app.sinks.snapshot import Snapshot, write_snapshot
from app.ui.picture_view import PictureView
from app.ui.viewer_model import ViewerModel
from models.geometry import Area
from models.picture_area import find_picture_area

_POLL_MS = 30
_CLOSING_LIMIT_S = 2.0


def snapshot_folder() -> Path:
    """``PolypLens`` in the person's pictures folder."""
    pictures = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.PicturesLocation)
    return Path(pictures) / "PolypLens"


class Snapshots(QObject):
    """Takes pictures on the GUI thread, compresses and writes them on another."""

    saved = pyqtSignal(str)
    """The path of the JSON file beside the pictures."""
    failed = pyqtSignal(str)
    """One sentence."""

    def __init__(self, model: ViewerModel, folder: Path) -> None:
        super().__init__(model)
        self.folder = folder
        self._model = model
        self._answers: SimpleQueue[Path | Exception] = SimpleQueue()
        self._writers: list[Thread] = []
        self._timer = QTimer(self)
        self._timer.setInterval(_POLL_MS)
        self._timer.timeout.connect(self._look)

    def take(self, view: PictureView) -> None:
        """Begins to save what ``view`` shows; does nothing where it shows nothing."""
        shown, state = view.shown, self._model.state
        if shown is None:
            return
        area = _picture_area(shown)
        if area is None:
            self.failed.emit(
                self.tr(
                    "No snapshot was saved: the endoscope's picture was not found yet, and what "
                    "lies around it may name the patient."
                )
            )
            return
        snapshot = Snapshot(
            clean=view.grab_picture(False),
            marked=view.grab_picture(True),
            area=area,
            taken=datetime.now(UTC),
            pts_s=shown.frame.pts_s,
            frame_index=shown.frame.index,
            regions=shown.alerts,
            threshold=shown.threshold,
            runtime=None if state is None else state.runtime,
        )
        writer = Thread(target=self._write, args=(snapshot,), name="polyplens-snapshot")
        self._writers.append(writer)
        writer.start()
        self._timer.start()

    def close(self) -> None:
        """Waits for what is being written."""
        self._timer.stop()
        for writer in self._writers:
            writer.join(_CLOSING_LIMIT_S)

    def _write(self, snapshot: Snapshot) -> None:
        try:
            self._answers.put(write_snapshot(snapshot, self.folder))
        except (SinkError, OSError) as error:
            self._answers.put(error)

    def _look(self) -> None:
        try:
            answer = self._answers.get_nowait()
        except Empty:
            return
        self._writers = [writer for writer in self._writers if writer.is_alive()]
        if not self._writers and self._answers.empty():
            self._timer.stop()
        if isinstance(answer, Exception):
            self.failed.emit(str(answer))
        else:
            self.saved.emit(str(answer))


def _picture_area(shown: Shown) -> Area | None:
    """Where the endoscope's picture lies; looked for in this frame alone where nothing segments."""
    if shown.segmentation is not None:
        return shown.segmentation.picture_area
    return find_picture_area(shown.frame.picture)
