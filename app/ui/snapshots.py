"""Saves what is on screen without holding up the window."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from PyQt6.QtCore import QObject, QStandardPaths, pyqtSignal

from app.player.shown import Shown
from app.sinks.base import SinkError
from app.sinks.snapshot import Snapshot, write_snapshot
from app.ui.errands import Errands
from app.ui.picture_view import PictureView
from app.ui.viewer_model import ViewerModel
from models.geometry import Area
from models.picture_area import find_picture_area

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
        self._errands = Errands(self, "polyplens-snapshot", self._written, daemon=False)

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
        self._errands.send(partial(_write, snapshot, self.folder))

    def close(self) -> None:
        """Waits for what is being written, and still says what came of it."""
        self._errands.wait(_CLOSING_LIMIT_S)

    def _written(self, answer: Path | Exception) -> None:
        if isinstance(answer, Exception):
            self.failed.emit(str(answer))
        else:
            self.saved.emit(str(answer))


def _write(snapshot: Snapshot, folder: Path) -> Path | Exception:
    """The path of the JSON file, or why nothing was saved."""
    try:
        return write_snapshot(snapshot, folder)
    except (SinkError, OSError) as error:
        return error


def _picture_area(shown: Shown) -> Area | None:
    """Where the endoscope's picture lies; looked for in this frame alone where nothing segments."""
    if shown.segmentation is not None:
        return shown.segmentation.picture_area
    return find_picture_area(shown.frame.picture)
