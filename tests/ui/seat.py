"""The seat in front of the viewer: its window on the test display, and hands to use it."""

from __future__ import annotations

import gc
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
from PyQt6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.player.playback import PlaybackState
from app.player.segmenter_thread import PlayerSegmenter
from app.player.session_maker import SessionMaker
from app.player.settings import ViewerSettings
from app.sources.phantom import DEMO_SEED, PhantomSource
from app.ui.engine_process import EngineProcess
from app.ui.main_window import MainWindow
from app.ui.picture_view import Renderer
from app.ui.preferences_dialog import PreferencesDialog
from app.ui.recordings import Recordings
from app.ui.snapshots import Snapshots
from app.ui.theme import apply_theme
from app.ui.viewer_model import ViewerModel
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.segmenter import Segmenter
from tests.locations import WEIGHTS
from tests.models.tiny_model import write_tiny_model
from tests.waiting import HANG_S

CLIP_SIZE = (320, 240)
CLIP_RATE = Fraction(20)
CLIP_SECONDS = 3.0
FRAME_S = float(1 / CLIP_RATE)
LONG_MS = round(HANG_S * 1000)


def write_clip(path: Path, seconds: float = CLIP_SECONDS) -> Path:
    """A short phantom in H.264."""
    width, height = CLIP_SIZE
    with (
        PhantomSource(width, height, CLIP_RATE, seconds, DEMO_SEED) as source,
        av.open(str(path), "w") as container,
    ):
        stream = container.add_stream("libx264", rate=CLIP_RATE)
        stream.width, stream.height = width, height
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": "18", "preset": "ultrafast", "g": "20"}
        while (frame := source.read()) is not None:
            picture = av.VideoFrame.from_ndarray(frame.picture.pixels, format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    return path


def tiny_segmenter(weights: Path) -> Segmenter:
    """Of the model that ``write_tiny_model`` wrote; another process can call this too."""
    return Segmenter(OnnxRuntimeBackend(weights))


def tiny_loader(folder: Path) -> Callable[[], PlayerSegmenter]:
    """Loads at once; its probability is how bright a pixel is."""
    return partial(tiny_segmenter, write_tiny_model(folder))


class Seat:
    """A window of its own, with settings in ``folder``."""

    def __init__(
        self,
        qtbot: QtBot,
        folder: Path,
        load_segmenter: Callable[[], PlayerSegmenter] | None,
        settings: ViewerSettings | None = None,
        weights: Path = WEIGHTS,
        engines: EngineProcess | None = None,
        input_size: int | None = None,
    ) -> None:
        self.qtbot = qtbot
        self.folder = folder
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        apply_theme(application)
        self.model = ViewerModel(
            settings or ViewerSettings(),
            folder / "viewer.json",
            SessionMaker(load_segmenter, load_segmenter),
            input_size=input_size,
        )
        self.snapshots = Snapshots(self.model, folder / "snapshots")
        self.recordings = Recordings(self.model, folder / "recordings")
        self.engines = engines or EngineProcess(weights, folder / "engines")
        self.window = MainWindow(
            self.model,
            self.snapshots,
            self.recordings,
            self.engines,
            folder,
            renderer=Renderer.RASTER,
        )
        self.notices: list[str] = []
        self.model.noticed.connect(self.notices.append)
        self.window.resize(1400, 900)
        self.window.show()
        with qtbot.waitActive(self.window, timeout=LONG_MS):
            self.window.activateWindow()

    def leave(self) -> None:
        """Closes the window as a person does; every thread must end."""
        self.window.close()
        self.snapshots.close()
        self.engines.close()
        assert self.model.close()
        self.window.deleteLater()
        self.model.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()
        gc.collect()

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        self.qtbot.waitUntil(_named(condition, what), timeout=LONG_MS)

    def open(self, location: Path | str) -> None:
        """Opens and waits until the first frame is there."""
        before = self.model.session
        self.model.open(str(location))
        self.wait(
            lambda: (
                self.model.location == str(location) and self.model.session not in (None, before)
            ),
            "the video was taken",
        )
        self.wait(lambda: self.model.shown is not None, "its first frame is there")

    def drop(self, *paths: Path) -> None:
        """Lets files fall onto the window."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
        arguments = (
            Qt.DropAction.CopyAction,
            data,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        enters = QDragEnterEvent(QPoint(200, 200), *arguments)
        QApplication.sendEvent(self.window, enters)
        assert enters.isAccepted()
        QApplication.sendEvent(self.window, QDropEvent(QPointF(200, 200), *arguments))

    def press(self, keys: str) -> None:
        """Types a key on the window, as a keyboard or a foot pedal does."""
        self.qtbot.keySequence(self.window, QKeySequence(keys))

    def click(self, widget: QWidget, place: QPoint) -> None:
        """With the left button."""
        QTest.mouseClick(  # type: ignore[call-overload]  # its stub wants a QTest as self
            widget, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, place
        )

    @property
    def playback(self) -> PlaybackState | None:
        return None if self.model.state is None else self.model.state.playback

    @property
    def position_s(self) -> float:
        assert self.model.shown is not None
        return self.model.shown.frame.pts_s

    def preferences(self) -> PreferencesDialog:
        """The dialog that is open."""
        dialog = self.window.findChild(PreferencesDialog)
        assert dialog is not None
        return dialog

    def pause(self) -> None:
        opening = (None, PlaybackState.OPENING)
        self.wait(lambda: self.playback not in opening, "it is said that it is open")
        if self.playback is PlaybackState.PLAYING:
            self.press("Space")
        self.wait(lambda: self.playback is not PlaybackState.PLAYING, "it stands still")

    def wait_segmented(self) -> None:
        """Until masks come."""
        self.wait(
            lambda: self.model.shown is not None and self.model.shown.segmentation is not None,
            "the network answers",
        )


def _named(condition: Callable[[], bool], what: str) -> Callable[[], None]:
    def check() -> None:
        assert condition(), f"waited in vain until {what}"

    return check
