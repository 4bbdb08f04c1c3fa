"""Draws a scene without OpenGL; looks the same within 2 grey levels."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PyQt6.QtCore import QRect, Qt, pyqtSignal
from PyQt6.QtGui import QImage, QPainter, QPaintEvent
from PyQt6.QtWidgets import QWidget

from app.ui.composition import Drawing, Scene, compose
from app.ui.raster_contour import draw_contour
from app.ui.raster_picture import draw_picture
from app.ui.scratch import Scratch
from app.ui.tag import Tag


class RasterView(QWidget):
    """Draws the newest scene it was given; the work is bounded by the view's size."""

    painted = pyqtSignal()
    """The newest scene is on the screen."""

    def __init__(self, parent: QWidget, tag_text: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self._tag = Tag(tag_text)
        self._scene: Scene | None = None
        self._image = QImage()
        self._drawn: Scene | None = None
        """What ``_image`` shows."""
        self._scratch = Scratch()

    def set_scene(self, scene: Scene | None) -> None:
        self._scene = scene
        self.update()

    def paintEvent(self, event: QPaintEvent | None) -> None:
        ratio = self.devicePixelRatioF()
        size = self.size() * ratio
        if self._image.size() != size or self._image.devicePixelRatio() != ratio:
            self._image = QImage(size, QImage.Format.Format_RGB32)
            self._image.setDevicePixelRatio(ratio)
            self._render()
        elif self._drawn is not self._scene:
            self._render()
        painter = QPainter(self)
        painter.drawImage(0, 0, self._image)
        painter.end()
        self.painted.emit()

    def _render(self) -> None:
        self._image.fill(Qt.GlobalColor.black)
        self._drawn = self._scene
        if self._scene is None:
            return
        pixels = _pixels_of(self._image)
        height, width = pixels.shape[:2]
        ratio = self._image.devicePixelRatio()
        tag = self._tag.image(ratio)
        tag_size = (tag.width(), tag.height())
        for drawing in compose(self._scene, width, height, ratio, tag_size):
            draw_picture(pixels, self._scene.picture, drawing.pane, self._scratch)
            _draw_marker(pixels, drawing, self._scene)
            _draw_tags(self._image, drawing, tag)


def _pixels_of(image: QImage) -> NDArray[np.uint8]:
    """(height, width, 4) uint8 B, G, R, 255: a view on the pixels of ``image``, in RGB32."""
    bits = image.bits()
    assert bits is not None  # only a null image has none
    bits.setsize(image.sizeInBytes())
    return np.asarray(bits, np.uint8).reshape(image.height(), image.width(), 4)


def _draw_marker(pixels: NDArray[np.uint8], drawing: Drawing, scene: Scene) -> None:
    if drawing.contour is not None and scene.marking is not None:
        draw_contour(pixels, drawing.contour, scene.marking.probability)
    for bar, (red, green, blue) in drawing.bars:
        cv2.rectangle(
            pixels, (bar.x, bar.y, bar.width, bar.height), (blue, green, red, 255), cv2.FILLED
        )


def _draw_tags(image: QImage, drawing: Drawing, tag: QImage) -> None:
    if not drawing.tags:
        return
    visible = drawing.pane.visible
    ratio = image.devicePixelRatio()
    painter = QPainter(image)
    painter.scale(1 / ratio, 1 / ratio)  # to device pixels
    painter.setClipRect(QRect(visible.x, visible.y, visible.width, visible.height))
    for x, y in drawing.tags:
        painter.drawImage(x, y, tag)
    painter.end()
