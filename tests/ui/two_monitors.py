"""Takes the viewer's window to full screen on either of two monitors and back; prints what came.

A process of its own: Qt knows its monitors from its start.
"""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path

from PyQt6.QtCore import QRect
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.player.session_maker import SessionMaker
from app.player.settings import ViewerSettings
from app.ui.engine_process import EngineProcess
from app.ui.main_window import MainWindow
from app.ui.picture_view import Renderer
from app.ui.recordings import Recordings
from app.ui.snapshots import Snapshots
from app.ui.theme import apply_theme
from app.ui.viewer_model import ViewerModel

_SETTLED_MS = 100


def main(application: QApplication, folder: Path) -> dict[str, bool]:
    apply_theme(application)
    left, right = application.screens()
    model = ViewerModel(ViewerSettings(), folder / "viewer.json", SessionMaker(None, None))
    window = MainWindow(
        model,
        Snapshots(model, folder),
        Recordings(model, folder),
        EngineProcess(folder / "none.onnx", folder),
        folder,
        renderer=Renderer.RASTER,
    )
    window.show()
    home, away = QRect(100, 100, 1000, 700), QRect(left.size().width() + 100, 100, 1000, 700)

    def to_and_fro(screen: str, start: QRect) -> tuple[QRect, QRect]:
        """Where the window is in full screen, and afterwards."""
        model.change(screen=screen)
        window.showNormal()
        window.setGeometry(start)
        _settle()
        window.set_full_screen(True)
        _settle()
        full = window.geometry()
        window.set_full_screen(False)
        _settle()
        return full, window.geometry()

    found: dict[str, bool] = {
        "chosen": to_and_fro(right.name(), home) == (right.geometry(), home),
        "back over": to_and_fro(left.name(), away) == (left.geometry(), away),
        "where it is": to_and_fro("", away) == (right.geometry(), away),
        "not connected": to_and_fro("gone", home) == (left.geometry(), home),
        "its own monitor went": left.geometry().contains(
            to_and_fro("", QRect(9000, 9000, 1000, 700))[1]
        ),
    }
    window.setGeometry(away)
    window.showMaximized()
    _settle()
    model.change(screen=left.name())
    window.set_full_screen(True)
    _settle()
    window.set_full_screen(False)
    _settle()
    found["maximised"] = window.isMaximized() and right.geometry().contains(window.geometry())
    window.close()
    model.close()
    return found


def _settle() -> None:
    """What is asked of a window is done by and by."""
    QTest.qWait(_SETTLED_MS)  # type: ignore[call-arg, arg-type]  # its stub wants a self


if __name__ == "__main__":
    running = QApplication(["polyplens"])
    sys.stdout.write(json.dumps(main(running, Path(sys.argv[1]))))
    gc.collect()  # the window goes before the application does
