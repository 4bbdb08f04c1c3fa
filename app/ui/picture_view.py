"""The widget that shows the video with its markers, on OpenGL or without it."""

from __future__ import annotations

import logging
from enum import Enum, auto

from PyQt6.QtCore import QPointF, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QMouseEvent, QResizeEvent, QWheelEvent
from PyQt6.QtWidgets import QWidget

from app.overlay import Marker, draw
from app.player.settings import MarkerKind
from app.player.shown import Shown
from app.ui.composition import Scene, gap
from app.ui.gl_painter import OpenGlError, opengl_device
from app.ui.layout import Viewport, cells, panned, zoomed
from app.ui.marker_look import MarkerLook
from app.ui.marking import Marking, alerted, marking_of
from app.ui.raster_view import RasterView
from app.ui.video_view import VideoView
from models.geometry import Area
from models.picture import Picture

_ON_CPU = ("llvmpipe", "softpipe", "swrast", "SwiftShader")
"""Names of programs that run OpenGL without a GPU, and much slower than the raster painter."""

_WHEEL_STEP = 1.25
"""Magnification of one notch of the wheel, 120 eighths of a degree."""

_SNAPSHOT_MARKERS = {
    MarkerKind.BOX: Marker.BOX,
    MarkerKind.CONTOUR: Marker.CONTOUR,
    MarkerKind.FILL: Marker.FILL,
    MarkerKind.FRAME: Marker.BOX,
}

_log = logging.getLogger(__name__)


class Renderer(Enum):
    """What draws the picture; both look the same within 2 grey levels."""

    AUTOMATIC = auto()
    """OpenGL where a GPU runs it, raster elsewhere."""
    OPENGL = auto()
    """OpenGL, even where the CPU runs it."""
    RASTER = auto()
    """The CPU, without OpenGL."""


class PictureView(QWidget):
    """Shows the newest frame, letterboxed, with zoom (wheel) and pan (drag).

    Left drags are taken while zoomed in; every other mouse event, double clicks among them, and all
    keys go on to the parent. GUI thread only.

    Where OpenGL cannot be had, or fails later, the view goes on without it and logs one sentence.
    """

    zoom_changed = pyqtSignal(float)
    """The new ``zoom``."""
    renderer_changed = pyqtSignal(str)
    """The new ``renderer``: once the view is on the screen, and where OpenGL fails later."""
    painted = pyqtSignal()
    """``shown`` is on the screen; also where it is painted again."""

    def __init__(self, parent: QWidget | None, renderer: Renderer) -> None:
        super().__init__(parent)
        self.setMinimumSize(64, 64)
        self._shown: Shown | None = None
        self._look = MarkerLook()
        self._viewport = Viewport()
        self._marking: Marking | None = None
        self._area: Area | None = None
        """Where the endoscope's picture lay when it was last known."""
        self._drag_from: QPointF | None = None
        self._renderer = ""
        if renderer is Renderer.RASTER or not _has_opengl(renderer):
            self._canvas: VideoView | RasterView = self._raster_canvas()
        else:
            self._canvas = self._opengl_canvas()

    @property
    def renderer(self) -> str:
        """What draws: "OpenGL 4.5, llvmpipe …" or "raster"; empty before OpenGL started."""
        return self._renderer

    @property
    def shown(self) -> Shown | None:
        """What is on the screen; None before the first frame and after ``clear``."""
        return self._shown

    @property
    def look(self) -> MarkerLook:
        return self._look

    @property
    def zoom(self) -> float:
        """Magnification over the fitting size, 1 to ``layout.LARGEST_ZOOM``."""
        return self._viewport.zoom

    def show_frame(self, shown: Shown) -> None:
        """Draws ``shown`` with ``shown.alerts`` marked at the next refresh.

        May be called faster than the screen refreshes: only the newest is drawn.
        """
        picture = shown.frame.picture
        before = self._shown
        if before is not None and _size(before.frame.picture) != _size(picture):
            self._area = None
        if shown.segmentation is not None:
            self._area = shown.segmentation.geometry.area
        self._shown = shown
        self._marking = marking_of(shown)
        self._refresh()

    def clear(self) -> None:
        """Shows no picture, and forgets where the endoscope's picture lay."""
        self._shown = self._marking = self._area = None
        self._set_viewport(Viewport())

    def set_look(self, look: MarkerLook) -> None:
        """Takes effect at the next refresh, on a paused frame too."""
        self._look = look
        self._refresh()

    def zoom_by(self, factor: float) -> None:
        """Magnifies about the middle of the view."""
        cell = self._cells()[0]
        self._zoom_at(factor, cell, (cell.x + cell.width / 2, cell.y + cell.height / 2))

    def reset_zoom(self) -> None:
        """Back to the whole picture."""
        self._set_viewport(Viewport())

    def grab_picture(self, marked: bool) -> Picture:
        """The shown frame at the source's size and in its format, for a snapshot.

        ``marked`` draws ``shown.alerts`` as ``app.overlay`` does, whether markers are visible or
        not; a FRAME, which would not say where, becomes a box.

        Raises:
            RuntimeError: nothing is shown.
        """
        if self._shown is None:
            raise RuntimeError("there is no picture to take a snapshot of")
        picture, findings = self._shown.frame.picture, self._shown.findings
        if not marked or findings is None:
            return picture
        marker = _SNAPSHOT_MARKERS[self._look.kind]
        return draw(picture, alerted(findings, self._shown.alerts), marker)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        self._canvas.setGeometry(self.rect())

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        if event is None or self._shown is None or event.angleDelta().y() == 0:
            return
        x, y = self._on_device(event.position())
        cell = min(self._cells(), key=lambda cell: abs(cell.x + cell.width / 2 - x))
        self._zoom_at(_WHEEL_STEP ** (event.angleDelta().y() / 120), cell, (x, y))
        event.accept()

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if event.button() is Qt.MouseButton.LeftButton and self._viewport.zoom > 1:
            self._drag_from = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
        else:
            event.ignore()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._drag_from is None or self._shown is None:
            event.ignore()
            return
        x, y = self._on_device(event.position() - self._drag_from)
        self._drag_from = event.position()
        self._set_viewport(panned(self._viewport, self._cells()[0], self._source(), x, y))

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        if event is None:
            return
        if self._drag_from is None:
            event.ignore()
            return
        self._drag_from = None
        self.unsetCursor()

    def _zoom_at(self, factor: float, cell: Area, anchor: tuple[float, float]) -> None:
        if self._shown is not None:
            self._set_viewport(zoomed(self._viewport, cell, self._source(), factor, anchor))

    def _set_viewport(self, viewport: Viewport) -> None:
        zoom_before = self._viewport.zoom
        self._viewport = viewport
        self._refresh()
        if viewport.zoom != zoom_before:
            self.zoom_changed.emit(viewport.zoom)

    def _refresh(self) -> None:
        if self._shown is None:
            self._canvas.set_scene(None)
            return
        self._canvas.set_scene(
            Scene(
                self._shown.frame.picture, self._source(), self._marking, self._look, self._viewport
            )
        )

    def _source(self) -> Area:
        """The part of the picture that is shown; there is a picture."""
        assert self._shown is not None
        width, height = _size(self._shown.frame.picture)
        if self._area is None or not self._look.crop_to_area:
            return Area(0, 0, width, height)
        return self._area

    def _cells(self) -> tuple[Area, ...]:
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        return cells(size.width(), size.height(), self._look.side_by_side, gap(ratio))

    def _on_device(self, point: QPointF) -> tuple[float, float]:
        ratio = self.devicePixelRatioF()
        return point.x() * ratio, point.y() * ratio

    def _opengl_canvas(self) -> VideoView:
        canvas = VideoView(self, self.tr("Polyp?"))
        canvas.started.connect(self._set_renderer)
        canvas.failed.connect(self._leave_opengl)
        canvas.painted.connect(self.painted)
        return canvas

    def _raster_canvas(self) -> RasterView:
        self._set_renderer("raster")
        canvas = RasterView(self, self.tr("Polyp?"))
        canvas.painted.connect(self.painted)
        return canvas

    def _leave_opengl(self, reason: str) -> None:
        _log.warning("the picture is drawn without OpenGL from now on: %s", reason)
        # Later: the canvas, which is painting now, may not be replaced before it is done.
        QTimer.singleShot(0, self._replace_canvas)

    def _replace_canvas(self) -> None:
        self._canvas.hide()
        self._canvas.deleteLater()
        self._canvas = self._raster_canvas()
        self._canvas.setGeometry(self.rect())
        self._canvas.show()
        self._refresh()

    def _set_renderer(self, renderer: str) -> None:
        self._renderer = renderer
        self.renderer_changed.emit(renderer)


def _has_opengl(renderer: Renderer) -> bool:
    """Whether OpenGL is to be used; says in one sentence why not."""
    try:
        device = opengl_device()
    except OpenGlError as error:
        _log.warning("the picture is drawn without OpenGL: %s", error)
        return False
    if renderer is Renderer.AUTOMATIC and any(name in device for name in _ON_CPU):
        _log.info("the picture is drawn without OpenGL, which the CPU would run here: %s", device)
        return False
    return True


def _size(picture: Picture) -> tuple[int, int]:
    return picture.width, picture.height
