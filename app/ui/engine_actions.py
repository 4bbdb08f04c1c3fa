"""The actions that build and verify TensorRT engines, and the strip that shows how far it is."""

from __future__ import annotations

from pathlib import Path

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QFileDialog, QWidget

from app.ui.actions import ActionSet
from app.ui.engine_process import EngineProcess
from app.ui.loading import LoadingBar
from app.ui.viewer_model import ViewerModel

_NAMES = ("build_engine", "verify_engine")


class EngineActions(QObject):
    """Connects ``engines`` with the window; what comes of it is said as a notice."""

    def __init__(
        self,
        engines: EngineProcess,
        actions: ActionSet,
        model: ViewerModel,
        bar: LoadingBar,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._engines = engines
        self._actions = actions
        self._bar = bar
        self._window = window
        actions["build_engine"].triggered.connect(lambda: engines.build())
        actions["verify_engine"].triggered.connect(lambda: self._ask_for_engine())
        engines.progress_changed.connect(self._show_progress)
        engines.ended.connect(model.notice)
        engines.built.connect(model.renew_segmenter)
        bar.cancelled.connect(engines.cancel)
        if not engines.available:
            reason = self.tr("the engine builder is not installed")
            for name in _NAMES:
                actions[name].setText(f"{actions[name].text()} ({reason})")
                actions[name].setEnabled(False)

    def _show_progress(self, words: str) -> None:
        for name in _NAMES:
            self._actions[name].setEnabled(not words)
        self._bar.show_words(words)

    def _ask_for_engine(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self._window, self.tr("Verify engine"), str(self._engines.output)
        )
        if folder:
            self._engines.verify(Path(folder))
