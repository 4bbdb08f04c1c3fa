"""What a capture device gives now, before it is opened for good."""

from __future__ import annotations

from functools import partial

from PyQt6.QtCore import QSize, pyqtSignal
from PyQt6.QtWidgets import QLabel, QVBoxLayout, QWidget

from app.player.base import PlayerListener
from app.player.detection import Detection
from app.player.live_session import LiveSession
from app.player.playback import PlayerState
from app.sources.live import CaptureWish, SignalState
from app.sources.live_opening import open_live
from app.ui.bridge import PlayerBridge
from app.ui.picture_view import PictureView, Renderer
from app.ui.signal_overlay import SignalOverlay


class CapturePreview(QWidget):
    """The picture without markers, and below it what comes."""

    failed = pyqtSignal(str)
    """One sentence: the location cannot be opened at all."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bridge = PlayerBridge(self)
        self.view = PictureView(self, Renderer.RASTER)
        self.signal = SignalOverlay(self.view)
        self.words = QLabel(self)
        self.words.setObjectName("quiet")
        self.words.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view, 1)
        layout.addWidget(self.words)
        self.bridge.shown.connect(self.view.show_frame)
        self.bridge.state_changed.connect(self._show_state)
        self.bridge.failed.connect(self.failed)
        self.signal.retry_wanted.connect(self._retry)

    def sizeHint(self) -> QSize:
        width = self.fontMetrics().averageCharWidth() * 80
        return QSize(width, round(width * 9 / 16))

    def start(self, location: str, wish: CaptureWish) -> None:
        """Shows what comes from there, in place of what came before."""
        self.stop("")
        self.bridge.open(partial(_session, location, wish))

    def stop(self, words: str) -> None:
        """Gives the device back, as ``bridge.ended`` will tell; says ``words`` instead."""
        self.bridge.stop()
        self.view.clear()
        self.signal.show_signal(None, old=False, frozen=False)
        self.words.setText(words)

    def _show_state(self, state: PlayerState) -> None:
        signal, source = state.signal, state.source
        old = signal is None or signal.state is not SignalState.LIVE
        self.signal.show_signal(signal, old=old, frozen=False)
        if source is not None and not old:
            rate = f"{float(source.rate):.4g}"
            self.words.setText(f"{source.width}x{source.height}, {rate}/s, {source.codec}")

    def _retry(self) -> None:
        session = self.bridge.session
        if isinstance(session, LiveSession):
            session.retry()


def _session(location: str, wish: CaptureWish, listener: PlayerListener) -> LiveSession:
    return LiveSession(location, lambda: open_live(location, wish), None, listener, Detection())
