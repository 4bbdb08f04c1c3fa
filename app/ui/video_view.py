"""Draws a scene with OpenGL: planes are textures, the GPU converts, thresholds and blends."""

from __future__ import annotations

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtOpenGLWidgets import QOpenGLWidget
from PyQt6.QtWidgets import QWidget

from app.ui.composition import Drawing, Scene, compose
from app.ui.gl_painter import GlPainter, OpenGlError, surface_format
from app.ui.tag import Tag


class VideoView(QOpenGLWidget):
    """Draws the newest scene it was given."""

    started = pyqtSignal(str)
    """What draws: the version of OpenGL and the name of the device."""
    failed = pyqtSignal(str)
    """OpenGL cannot be used any more; the reason, one clause."""
    painted = pyqtSignal()
    """The newest scene is on the screen."""

    def __init__(self, parent: QWidget, tag_text: str) -> None:
        super().__init__(parent)
        self.setFormat(surface_format())
        self._tag = Tag(tag_text)
        self._scene: Scene | None = None
        self._painter: GlPainter | None = None
        self.frameSwapped.connect(self.painted)

    def set_scene(self, scene: Scene | None) -> None:
        self._scene = scene
        self.update()

    def initializeGL(self) -> None:
        """Also called anew where the widget moved to another window, with a new context."""
        context = self.context()
        if context is None:
            return
        try:
            painter = GlPainter(context)
        except OpenGlError as error:
            self._painter = None
            self.failed.emit(str(error))
            return
        context.aboutToBeDestroyed.connect(painter.release)
        self._painter = painter
        self.started.emit(painter.renderer)

    def paintGL(self) -> None:
        if self._painter is None:
            return
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio  # rounded by Qt, as its framebuffer is
        width, height = size.width(), size.height()
        tag = self._tag.image(ratio)
        drawings: tuple[Drawing, ...] = ()
        if self._scene is not None:
            tag_size = (tag.width(), tag.height())
            drawings = compose(self._scene, width, height, ratio, tag_size)
        try:
            self._painter.paint(
                self._scene, drawings, tag, (width, height), self.defaultFramebufferObject()
            )
        except OpenGlError as error:
            self._painter = None
            self.failed.emit(str(error))
