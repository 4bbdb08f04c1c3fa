"""``python -m tests.ui.render_markers FILE``: every marker and every format, by both renderers.

A process of its own, since Qt takes its scale factor from the environment when it starts.
"""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QImage
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QApplication

from app.player.settings import MarkerKind
from app.ui.marker_look import MarkerLook
from app.ui.picture_view import PictureView, Renderer
from models.picture import PixelFormat
from tests.ui.frames import in_format, phantom_shown

RENDERERS = (Renderer.OPENGL, Renderer.RASTER)
PHANTOM_SIZE = (960, 540)
WINDOW_SIZES = ((320, 240), (480, 270), (701, 403))
"""Width and height in logical pixels; the last one is odd."""
MARKED_FORMATS = dict(
    zip(WINDOW_SIZES, (PixelFormat.RGB24, PixelFormat.YUV420P, PixelFormat.UYVY422), strict=True)
)
"""On which pictures markers are drawn, by the window's size."""


def grabbed(view: PictureView) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB, in device pixels: what is on the screen."""
    QApplication.processEvents()
    image = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    rows = np.asarray(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()


def picture_name(renderer: Renderer, size: tuple[int, int], shown: str) -> str:
    """``shown`` is a kind of marker, or the format of a picture without one."""
    return f"{renderer.name} {size[0]}x{size[1]} {shown}"


def main() -> None:
    application = QApplication([])
    frame, _ = phantom_shown(*PHANTOM_SIZE)
    pictures = {}
    for renderer, size in itertools.product(RENDERERS, WINDOW_SIZES):
        # Each size has a view of its own: one shown before would hear of its old size once more.
        view = PictureView(None, renderer)
        view.resize(*size)
        view.show()
        assert QTest.qWaitForWindowExposed(view)  # type: ignore[call-overload]  # one self too many
        for kind in MarkerKind:
            view.set_look(MarkerLook(kind=kind))
            view.show_frame(in_format(frame, MARKED_FORMATS[size]))
            pictures[picture_name(renderer, size, kind.value)] = grabbed(view)
        view.set_look(MarkerLook(visible=False))
        for pixel_format in PixelFormat:
            view.show_frame(in_format(frame, pixel_format))
            pictures[picture_name(renderer, size, pixel_format.value)] = grabbed(view)
        pictures[f"{renderer.name} drawn by"] = np.array(view.renderer)
        view.close()
    application.processEvents()
    np.savez(Path(sys.argv[1]), **pictures)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
