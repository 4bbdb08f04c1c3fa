"""Resident memory of the viewer while it plays 1080p for ten minutes and is sent to and fro."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

import psutil
from PyQt6.QtCore import QTimer

from app.config import AppConfig
from app.player.loading import SegmenterLoader
from app.player.playback import WHOLE_VIDEO
from app.player.session import PlayerSession
from app.player.session_maker import SessionMaker
from app.player.settings import ViewerSettings
from app.ui.engine_process import EngineProcess
from app.ui.main_window import MainWindow
from app.ui.picture_view import Renderer
from app.ui.recordings import Recordings
from app.ui.snapshots import Snapshots
from app.ui.viewer_model import ViewerModel
from models.backends.selection import AUTO
from models.weights import DEFAULT_WEIGHTS
from tests.bench.clip import recorded_clip
from tests.bench.report import Figure
from tests.bench.screen import application

MINUTES = 10
SEEKS = 200
FRAMES = 450
RATE = 30


def measure() -> list[Figure]:
    """The growth from the first quarter, without start-up, to the last."""
    clip = recorded_clip(FRAMES, RATE)
    with tempfile.TemporaryDirectory() as folder:
        resident_mb = _played(clip, Path(folder))
    quarter = len(resident_mb) // 4
    early, late = max(resident_mb[quarter // 2 : quarter]), max(resident_mb[-quarter:])
    note = f"{MINUTES} minutes, {SEEKS} seeks"
    return [
        Figure("peak resident memory of the viewer", max(resident_mb), "MB", note=note),
        Figure(
            "growth from the first quarter to the last", late / early - 1, "share", at_most=0.02
        ),
    ]


def _played(clip: Path, folder: Path) -> list[float]:
    """Megabytes, each second."""
    load = SegmenterLoader(AppConfig(AUTO, DEFAULT_WEIGHTS, engine=None, threshold=None))
    qt = application()
    model = ViewerModel(ViewerSettings(), folder / "viewer.json", SessionMaker(load, load))
    snapshots = Snapshots(model, folder)
    engines = EngineProcess(DEFAULT_WEIGHTS, folder)
    recordings = Recordings(model, folder)
    window = MainWindow(model, snapshots, recordings, engines, folder, renderer=Renderer.RASTER)
    process = psutil.Process()
    resident_mb: list[float] = []
    rng = random.Random(1)

    seeking, sampling = QTimer(), QTimer()
    seeking.setInterval(MINUTES * 60_000 // SEEKS)
    seeking.timeout.connect(lambda: window.controls.seek(rng.uniform(0, (FRAMES - 1) / RATE)))
    sampling.setInterval(1000)
    sampling.timeout.connect(lambda: resident_mb.append(process.memory_info().rss / 1e6))
    QTimer.singleShot(MINUTES * 60_000, qt.quit)

    window.show()
    model.open(str(clip))
    assert isinstance(model.session, PlayerSession)
    model.session.set_loop(WHOLE_VIDEO)
    seeking.start()
    sampling.start()
    qt.exec()
    seeking.stop()
    sampling.stop()
    window.close()
    snapshots.close()
    engines.close()
    model.close()
    return resident_mb
