"""Figures for whoever wants to know how well it runs (key ``I``)."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from PyQt6.QtCore import QSize, Qt, QTimer
from PyQt6.QtGui import QHideEvent, QShowEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QLabel, QScrollArea, QWidget

from app.pipeline.metrics import Percentiles, StageSnapshot
from app.player.playback import PlayerState, PlayerStatistics
from app.sources.base import SourceInfo
from app.sources.images import IMAGES
from app.ui.screen_delay import ScreenDelay
from app.ui.viewer_model import ViewerModel
from models.backends.base import BackendInfo
from models.engine_folder import (
    CERTIFICATE_FILE,
    ENGINES_FOLDER,
    Certificate,
    EngineFolderError,
    read_certificate,
)

_EVERY_MS = 500
_LINES = 22
_OTHER_LINES = 22
"""As high as the rest of the window needs: titles, menus, the list above and the strip below."""
_LEAST_LINES = 4
_ROWS = 32
"""More than there are figures: the row that takes what is left."""
_MEMORY = Path("/proc/self/statm")


class StatisticsPanel(QScrollArea):
    """Two columns, name and figure; asks for new ones only while it is visible.

    ``engine`` is the engine's folder that was asked for; None looks where engines are built to.
    ``delay`` measures what comes to the screen.
    """

    def __init__(
        self,
        model: ViewerModel,
        engine: Path | None,
        delay: ScreenDelay,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._engine = engine
        self._delay = delay
        self._certified: BackendInfo | None = None
        self._certificate = ""
        self._renderer = ""
        self._figures: dict[str, QLabel] = {}
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget(self)
        self._grid = QGridLayout(content)
        self._grid.setColumnStretch(1, 1)
        self._grid.setRowStretch(_ROWS, 1)
        self._grid.setVerticalSpacing(3)
        self._grid.setContentsMargins(12, 8, 12, 8)
        self._grid.setHorizontalSpacing(16)
        self.setWidget(content)
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.refresh)
        model.opened.connect(self._forget)

    def minimumSizeHint(self) -> QSize:
        """High enough for most of it, so that the list above gives way; on a small screen less, so
        that the window still fits there, its badge too."""
        metrics, screen, lines = self.fontMetrics(), self.screen(), _LINES
        if screen is not None:
            room = screen.availableGeometry().height() // metrics.lineSpacing()
            lines = min(lines, max(room - _OTHER_LINES, _LEAST_LINES))
        return QSize(metrics.averageCharWidth() * 40, metrics.lineSpacing() * lines)

    def set_renderer(self, renderer: str) -> None:
        """What draws the picture, as ``PictureView.renderer`` says."""
        self._renderer = renderer

    def figures(self) -> dict[str, str]:
        """What is shown, by name."""
        return {name: label.text() for name, label in self._figures.items()}

    def showEvent(self, a0: QShowEvent | None) -> None:
        super().showEvent(a0)
        self.refresh()
        self._timer.start()

    def hideEvent(self, a0: QHideEvent | None) -> None:
        super().hideEvent(a0)
        self._timer.stop()

    def refresh(self) -> None:
        none = "-"
        state, session = self._model.state, self._model.session
        runtime = None if state is None else state.runtime
        if self._model.live:
            self._show_signal(state)
        else:
            source = None if state is None else state.source
            size = none if source is None else f"{source.width}x{source.height}"
            rate = "" if source is None else f"\n{float(source.rate):.2f}/s, {self._codec(source)}"
            self._set(self.tr("Video"), size + rate)
        self._set(
            self.tr("Runtime"), none if runtime is None else f"{runtime.backend} {runtime.version}"
        )
        self._set(self.tr("Device"), none if runtime is None else runtime.device)
        self._set(self.tr("Precision"), none if runtime is None else runtime.precision)
        self._set(self.tr("Certificate"), self._certificate_text(runtime) or none)
        self._set(self.tr("Drawn by"), self._renderer.split(" (")[0] or none)
        self._set(self.tr("Memory"), _memory_text() or none)
        if session is not None:
            self._show_statistics(session.statistics)

    def _show_signal(self, state: PlayerState | None) -> None:
        """Of a live source: what it delivers, and how often it had to be opened again."""
        none = "-"
        signal = None if state is None else state.signal
        self._set(self.tr("Signal"), self._signal_format(state) or none)
        self._set(self.tr("Signal state"), none if signal is None else signal.state.value)
        self._set(self.tr("Restarts"), none if signal is None else f"{signal.restarts:,}")

    def _codec(self, source: SourceInfo) -> str:
        if source.codec == IMAGES:
            return self.tr("images, which have no times")
        return source.codec

    def _signal_format(self, state: PlayerState | None) -> str:
        """Such as ``1920x1080p59.94 uyvy422``; empty while nothing came."""
        shown = self._model.shown
        if shown is None or state is None or state.source is None:
            return ""
        source, picture = state.source, shown.frame.picture
        scan = "i" if source.interlaced else "p"
        return (
            f"{picture.width}x{picture.height}{scan}{float(source.rate):.4g} "
            f"{picture.pixel_format.value}"
        )

    def _show_statistics(self, statistics: PlayerStatistics) -> None:
        live = self._model.live
        self._set(self.tr("Shown"), f"{statistics.frames_shown:,}")
        self._set(self.tr("with mask"), f"{statistics.masks_shown:,}")
        if live:
            self._set(self.tr("missed"), f"{statistics.frames_missed:,}")
        self._set(self.tr("dropped"), f"{statistics.frames_dropped:,}")
        not_shown = self.tr("while frozen") if live else self.tr("superseded")
        self._set(not_shown, f"{statistics.frames_superseded:,}")
        self._set(self.tr("replaced"), f"{self._model.bridge.replaced:,}")
        pipeline = statistics.pipeline
        if pipeline is None:
            return
        self._set(self.tr("Read (and wait)"), self._stage_text(pipeline.read))
        segment = "-" if pipeline.segment is None else self._stage_text(pipeline.segment)
        self._set(self.tr("Segment"), segment)
        self._set(self.tr("Show"), self._stage_text(pipeline.deliver))
        if live:
            self._set(self.tr("Network failed"), f"{pipeline.segmenter_failures:,}")
            self._set(self.tr("Capture to mask"), self._delay_text(pipeline.mask_latency))
        to_screen = self.tr("Capture to screen") if live else self.tr("Frame to screen")
        self._set(to_screen, self._delay_text(self._delay.delay))

    def _delay_text(self, delay: Percentiles) -> str:
        return self.tr("p50 {p50} ms, p99 {p99} ms").format(
            p50=f"{delay.p50_ms:.1f}", p99=f"{delay.p99_ms:.1f}"
        )

    def _forget(self) -> None:
        """Another video has other figures."""
        self._delay.forget()
        for row in range(len(self._figures)):
            for column in range(2):
                item = self._grid.itemAtPosition(row, column)
                widget = None if item is None else item.widget()
                if widget is not None:
                    self._grid.removeWidget(widget)
                    widget.deleteLater()
        self._figures = {}
        if self.isVisible():
            self.refresh()

    def _certificate_text(self, runtime: BackendInfo | None) -> str:
        """How far the engine that runs strays from FP32; empty where no engine runs."""
        if runtime != self._certified:
            self._certified = runtime
            certificate = None if runtime is None else _certificate_of(runtime, self._engine)
            self._certificate = (
                ""
                if certificate is None
                else self.tr("{target} {precision}, mean Dice {dice}").format(
                    target=certificate.target,
                    precision=certificate.precision,
                    dice=f"{certificate.agreement.mean_dice:.4f}",
                )
            )
        return self._certificate

    def _stage_text(self, stage: StageSnapshot) -> str:
        return self.tr("{rate}/s, {dropped} dropped\np50 {p50} ms, p99 {p99} ms").format(
            rate=f"{stage.frames_per_s:.1f}",
            p50=f"{stage.duration.p50_ms:.1f}",
            p99=f"{stage.duration.p99_ms:.1f}",
            dropped=stage.dropped,
        )

    def _set(self, name: str, figure: str) -> None:
        label = self._figures.get(name)
        if label is None:
            row = len(self._figures)
            title = QLabel(name, self)
            title.setObjectName("quiet")
            label = QLabel(self)
            label.setWordWrap(True)
            self._grid.addWidget(title, row, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(label, row, 1)
            self._figures[name] = label
        label.setText(figure)


def _certificate_of(runtime: BackendInfo, engine: Path | None) -> Certificate | None:
    """Of the engine whose plan ``runtime`` loaded."""
    if engine is None:
        folders = [path.parent for path in ENGINES_FOLDER.glob(f"*/{CERTIFICATE_FILE}")]
    else:
        folders = [engine]
    for folder in folders:
        with suppress(EngineFolderError):
            certificate = read_certificate(folder)
            if certificate.plan_sha256 == runtime.model_sha256:
                return certificate
    return None


def _memory_text() -> str:
    """Resident memory, where the system tells it."""
    try:
        pages = int(_MEMORY.read_text(encoding="ascii").split()[1])
    except OSError:
        return ""
    return f"{pages * os.sysconf('SC_PAGE_SIZE') / 1e6:.0f} MB"
