"""The view as its window uses it; drawn for real, on a display of its own."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt6.QtGui import QFont, QMouseEvent, QWheelEvent
from PyQt6.QtWidgets import QApplication, QMainWindow
from pytestqt.qtbot import QtBot

from app.overlay import Marker, marker_pixels
from app.player.settings import MarkerKind
from app.player.shown import Shown
from app.ui.layout import LARGEST_ZOOM
from app.ui.marker_look import MarkerLook
from app.ui.picture_view import PictureView, Renderer
from models.geometry import Area
from models.picture import ColourMatrix, Picture, PixelFormat
from tests.locations import ROOT
from tests.ui.frames import in_format, phantom_shown, shown
from tests.ui.render_markers import grabbed

WIDTH, HEIGHT = 400, 300
MakeView = Callable[[], PictureView]


@pytest.fixture(scope="module")
def frame() -> Shown:
    return phantom_shown(WIDTH, HEIGHT)[0]


@pytest.fixture(params=[Renderer.OPENGL, Renderer.RASTER])
def view(request: pytest.FixtureRequest, qtbot: QtBot) -> PictureView:
    """On the screen, as large as ``frame``: one pixel for each of its pixels."""
    made = PictureView(None, request.param)
    qtbot.addWidget(made)
    made.resize(WIDTH, HEIGHT)
    with qtbot.waitExposed(made):
        made.show()
    if request.param is Renderer.OPENGL and made.renderer == "raster":
        pytest.skip("needs OpenGL 4.1; install Mesa: the package libgl1-mesa-dri")
    return made


@pytest.mark.parametrize(("font_height", "least_height"), [(9, 14), (28, 28)])
def test_the_words_beside_a_marker_grow_with_the_application_font(
    view: PictureView, frame: Shown, font_height: int, least_height: int
) -> None:
    before = QApplication.font()
    font = QFont(before)
    font.setPixelSize(font_height)
    QApplication.setFont(font)
    view.show_frame(frame)
    pictures = []
    for visible in (True, False):
        view.set_look(MarkerLook(visible=visible))
        pictures.append(grabbed(view).astype(np.int16))
    QApplication.setFont(before)
    changed = np.abs(pictures[0] - pictures[1]).max(axis=2) > 24
    per_row = changed.sum(axis=1)
    # The box's upper side is the widest of what is drawn; the words stand on it.
    height = int(per_row.argmax()) - int(np.flatnonzero(per_row)[0])
    assert least_height <= height <= 2 * least_height


def test_shows_black_before_the_first_frame(view: PictureView) -> None:
    assert not grabbed(view).any()


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("matrix", ColourMatrix)
@pytest.mark.parametrize("full_range", [False, True])
def test_colours_are_those_of_the_picture(
    view: PictureView,
    frame: Shown,
    pixel_format: PixelFormat,
    matrix: ColourMatrix,
    full_range: bool,
) -> None:
    picture = in_format(frame, pixel_format).frame.picture
    picture = replace(picture, matrix=matrix, full_range=full_range)
    view.set_look(MarkerLook(visible=False))
    view.show_frame(replace(frame, frame=replace(frame.frame, picture=picture)))
    # Picture rounds the chroma to whole levels before it converts; the views do not.
    assert np.abs(grabbed(view).astype(np.int16) - picture.to_rgb()).max() <= 2


@pytest.mark.parametrize(("width", "height"), [(401, 301), (37, 211)])
def test_odd_widths_are_not_skewed(view: PictureView, width: int, height: int) -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    nothing = np.zeros((height, width), np.bool_)
    view.setMinimumSize(width, height)
    view.resize(width, height)
    view.show_frame(shown(Picture(pixels), nothing, Area(0, 0, width, height)))
    assert np.array_equal(grabbed(view), pixels)


@pytest.mark.parametrize("kind", MarkerKind)
def test_without_regions_every_pixel_is_that_of_the_unmarked_picture(
    view: PictureView, frame: Shown, kind: MarkerKind
) -> None:
    view.set_look(MarkerLook(visible=False))
    view.show_frame(frame)
    plain = grabbed(view)
    view.set_look(MarkerLook(kind=kind))
    assert not np.array_equal(grabbed(view), plain)
    view.show_frame(replace(frame, alerts=()))
    assert np.array_equal(grabbed(view), plain)
    view.show_frame(replace(frame, segmentation=None, findings=None, alerts=()))
    assert np.array_equal(grabbed(view), plain)


def test_side_by_side_is_clean_on_the_left(view: PictureView, frame: Shown) -> None:
    view.set_look(MarkerLook(side_by_side=True))
    view.show_frame(frame)
    both = grabbed(view)
    view.set_look(MarkerLook(side_by_side=True, visible=False))
    plain = grabbed(view)
    half = WIDTH // 2
    assert np.array_equal(both[:, :half], plain[:, :half])
    assert not np.array_equal(both[:, half:], plain[:, half:])
    assert np.array_equal(plain[:, : half - 2], plain[:, half + 2 :])


def test_only_the_newest_frame_is_drawn(view: PictureView, frame: Shown) -> None:
    view.set_look(MarkerLook(visible=False))
    view.show_frame(frame)
    expected = grabbed(view)
    dark = Picture(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    for _ in range(100):
        view.show_frame(replace(frame, frame=replace(frame.frame, picture=dark)))
    view.show_frame(frame)
    assert view.shown is frame
    assert np.array_equal(grabbed(view), expected)


def test_clear_shows_nothing(view: PictureView, frame: Shown) -> None:
    view.show_frame(frame)
    view.clear()
    assert view.shown is None
    assert not grabbed(view).any()
    with pytest.raises(RuntimeError, match="no picture"):
        view.grab_picture(marked=False)


def test_crop_fills_the_view_with_the_endoscope_s_picture(view: PictureView) -> None:
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    area = Area(160, 60, 200, 150)
    pixels[60:210, 160:360] = 200
    view.show_frame(shown(Picture(pixels), np.zeros((HEIGHT, WIDTH), np.bool_), area))
    assert not (grabbed(view) == 200).all()
    view.set_look(MarkerLook(crop_to_area=True))
    assert (grabbed(view) == 200).all()


def test_wheel_magnifies_what_is_under_the_mouse(view: PictureView, frame: Shown) -> None:
    view.set_look(MarkerLook(visible=False))
    view.show_frame(frame)
    before = grabbed(view)
    point = QPointF(100.5, 80.5)
    zooms: list[float] = []
    view.zoom_changed.connect(zooms.append)
    _turn_wheel(view, point, notches=3)
    after = grabbed(view)
    assert zooms == [view.zoom]
    assert view.zoom == pytest.approx(1.25**3)
    assert np.abs(after[80, 100].astype(int) - before[80, 100]).max() < 40
    assert not np.array_equal(after, before)
    _turn_wheel(view, point, notches=100)
    assert view.zoom == LARGEST_ZOOM
    view.reset_zoom()
    assert np.array_equal(grabbed(view), before)


def test_drag_moves_the_picture(view: PictureView, frame: Shown) -> None:
    view.set_look(MarkerLook(visible=False))
    view.show_frame(frame)
    view.zoom_by(2.0)
    before = grabbed(view)
    canvas = view.childAt(200, 150)
    assert canvas is not None
    for kind, point in (
        (QEvent.Type.MouseButtonPress, QPointF(200, 150)),
        (QEvent.Type.MouseMove, QPointF(230, 170)),
        (QEvent.Type.MouseButtonRelease, QPointF(230, 170)),
    ):
        left = Qt.MouseButton.LeftButton
        none = Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(kind, point, canvas.mapToGlobal(point), left, left, none)
        QApplication.sendEvent(canvas, event)
    after = grabbed(view)
    moved, still = after[40:, 50:], before[20:-20, 20:-30]
    assert np.abs(moved.astype(int) - still).mean() < 6
    assert np.abs(after.astype(int) - before).mean() > 6


@pytest.mark.parametrize("kind", MarkerKind)
def test_snapshot_is_the_source_s_picture(
    view: PictureView, frame: Shown, kind: MarkerKind
) -> None:
    view.resize(150, 90)
    view.set_look(MarkerLook(kind=kind, visible=False))
    view.show_frame(frame)
    assert view.grab_picture(marked=False) is frame.frame.picture
    marked = view.grab_picture(marked=True).pixels
    changed = (marked != frame.frame.picture.pixels).any(axis=2)
    marker = Marker.BOX if kind is MarkerKind.FRAME else Marker(kind.value)
    assert frame.findings is not None
    assert changed.any()
    assert not (changed & ~marker_pixels(HEIGHT, WIDTH, frame.findings, marker)).any()


def test_goes_on_in_another_window(view: PictureView, frame: Shown, qtbot: QtBot) -> None:
    view.set_look(MarkerLook(kind=MarkerKind.CONTOUR))
    view.show_frame(frame)
    before = grabbed(view)
    window = QMainWindow()
    window.setCentralWidget(view)
    window.resize(WIDTH, HEIGHT)
    with qtbot.waitExposed(window):
        window.show()
    assert np.array_equal(grabbed(view), before)
    view.setParent(None)  # the fixture closes it
    window.close()


@pytest.mark.parametrize("renderer", [Renderer.OPENGL, Renderer.RASTER])
def test_nothing_is_left_after_many_rounds(
    renderer: Renderer, frame: Shown, qapp: QApplication, qtbot: QtBot
) -> None:
    def one_round() -> None:
        view = PictureView(None, renderer)
        view.set_look(MarkerLook(kind=MarkerKind.FILL))
        with qtbot.waitExposed(view):
            view.show()
        view.show_frame(frame)
        qapp.processEvents()
        view.close()
        view.deleteLater()
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        qapp.processEvents()

    def open_handles() -> int:
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(3):
        one_round()
    widgets, handles = len(qapp.allWidgets()), open_handles()
    for _ in range(15):
        one_round()
    assert len(qapp.allWidgets()) == widgets
    assert open_handles() <= handles  # fewer where an earlier test's went meanwhile


def test_the_picture_is_drawn_without_opengl_where_only_the_cpu_would_run_it(
    qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        view = PictureView(None, Renderer.AUTOMATIC)
    qtbot.addWidget(view)
    assert view.renderer == "raster"
    assert len(caplog.messages) == 1


def test_without_opengl_one_sentence_is_logged_and_the_picture_is_drawn(display: str) -> None:
    script = """
import logging
from PyQt6.QtWidgets import QApplication
from app.ui.picture_view import PictureView, Renderer
from tests.ui.frames import phantom_shown
from tests.ui.render_markers import grabbed
logging.basicConfig(format="logged: %(message)s")
application = QApplication([])
view = PictureView(None, Renderer.OPENGL)
view.resize(320, 240)
view.show()
view.show_frame(phantom_shown(320, 240)[0])
print(view.renderer, grabbed(view).any())
"""
    environment = {**os.environ, "DISPLAY": display, "QT_XCB_GL_INTEGRATION": "none"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout == "raster True\n"
    assert done.stderr.count("logged: the picture is drawn without OpenGL") == 1


def test_an_opengl_that_fails_later_is_left(
    qtbot: QtBot, frame: Shown, caplog: pytest.LogCaptureFixture
) -> None:
    """More than any texture can hold: the driver itself refuses the upload."""
    view = PictureView(None, Renderer.OPENGL)
    qtbot.addWidget(view)
    view.resize(WIDTH, HEIGHT)
    with qtbot.waitExposed(view):
        view.show()
    if view.renderer == "raster":
        pytest.skip("needs OpenGL 4.1; install Mesa: the package libgl1-mesa-dri")
    wide = Picture(np.full((2, 40000, 3), 200, np.uint8))
    with qtbot.waitSignal(view.renderer_changed):
        view.show_frame(replace(frame, frame=replace(frame.frame, picture=wide), alerts=()))
    assert view.renderer == "raster"
    assert sum("without OpenGL from now on" in message for message in caplog.messages) == 1
    view.show_frame(frame)
    assert grabbed(view).any()


def _turn_wheel(view: PictureView, point: QPointF, notches: int) -> None:
    event = QWheelEvent(
        point,
        view.mapToGlobal(point),
        QPoint(),
        QPoint(0, 120 * notches),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    # Qt itself takes it from the child below the mouse to the view.
    QApplication.sendEvent(view, event)
