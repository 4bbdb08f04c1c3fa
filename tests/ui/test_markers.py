"""The picture on the screen: alike on OpenGL and without it, its markers where the polyps are."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.player.settings import MarkerKind
from app.ui.picture_view import Renderer
from models.picture import PixelFormat
from tests.ui.frames import phantom_shown
from tests.ui.render_markers import MARKED_FORMATS, PHANTOM_SIZE, WINDOW_SIZES, picture_name

REPOSITORY = Path(__file__).parents[2]
TOLERANCE = 2
"""Grey levels between the two renderers."""
PIXEL_RATIOS = (1.0, 1.5, 2.0)

Rendered = Mapping[str, NDArray[np.uint8]]


@pytest.fixture(scope="module", params=PIXEL_RATIOS)
def ratio(request: pytest.FixtureRequest) -> float:
    return float(request.param)


@pytest.fixture(scope="module")
def rendered(ratio: float, display: str, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    file = tmp_path_factory.mktemp("rendered") / "pictures.npz"
    environment = {**os.environ, "DISPLAY": display, "QT_SCALE_FACTOR": str(ratio)}
    subprocess.run(
        [sys.executable, "-m", "tests.ui.render_markers", str(file)],
        cwd=REPOSITORY,
        env=environment,
        check=True,
        timeout=200,
    )
    with np.load(file) as pictures:
        return dict(pictures)


@pytest.fixture(scope="module")
def truth() -> NDArray[np.bool_]:
    return phantom_shown(*PHANTOM_SIZE)[1]


@pytest.mark.parametrize("size", WINDOW_SIZES)
@pytest.mark.parametrize(
    "content", [each.value for kind in (MarkerKind, PixelFormat) for each in kind]
)
def test_opengl_and_raster_look_the_same(
    rendered: Rendered, ratio: float, size: tuple[int, int], content: str
) -> None:
    if str(rendered["OPENGL drawn by"]) == "raster":
        pytest.skip("needs OpenGL 4.1; install Mesa: the package libgl1-mesa-dri")
    on_gpu, on_cpu = (
        rendered[picture_name(renderer, size, content)]
        for renderer in (Renderer.OPENGL, Renderer.RASTER)
    )
    width, height = (int(length * ratio + 0.5) for length in size)
    assert on_gpu.shape == (height, width, 3)
    assert np.abs(on_gpu.astype(np.int16) - on_cpu).max() <= TOLERANCE


@pytest.mark.parametrize(
    ("renderer", "size"), list(itertools.product((Renderer.OPENGL, Renderer.RASTER), WINDOW_SIZES))
)
class TestPlace:
    def test_fill_covers_the_polyp_and_nothing_else(
        self,
        rendered: Rendered,
        truth: NDArray[np.bool_],
        ratio: float,
        renderer: Renderer,
        size: tuple[int, int],
    ) -> None:
        changed = _changed(rendered, renderer, size, MarkerKind.FILL)
        near, deep = _grown(_on_screen(truth, changed.shape), _reach(ratio))
        assert changed[deep].all()
        assert not (changed & ~near & ~_tag_zone(near, ratio)).any()

    def test_contour_runs_along_the_edge(
        self,
        rendered: Rendered,
        truth: NDArray[np.bool_],
        ratio: float,
        renderer: Renderer,
        size: tuple[int, int],
    ) -> None:
        changed = _changed(rendered, renderer, size, MarkerKind.CONTOUR)
        mask = _on_screen(truth, changed.shape)
        near, deep = _grown(mask, _reach(ratio))
        edge = cv2.morphologyEx(
            mask.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)
        )
        assert changed[edge > 0].mean() > 0.99
        assert not (changed & deep).any()
        assert not (changed & ~near & ~_tag_zone(near, ratio)).any()

    def test_box_is_round_the_polyp(
        self,
        rendered: Rendered,
        truth: NDArray[np.bool_],
        ratio: float,
        renderer: Renderer,
        size: tuple[int, int],
    ) -> None:
        changed = _changed(rendered, renderer, size, MarkerKind.BOX)
        near, _ = _grown(_on_screen(truth, changed.shape), _reach(ratio))
        changed &= ~_tag_zone(near, ratio)
        expected, found = (_bounds(mask) for mask in (_on_screen(truth, changed.shape), changed))
        # The tag lies on top of the box, whose upper edge is behind its zone.
        assert np.abs(np.subtract(expected, found)[[0, 2, 3]]).max() <= _reach(ratio)

    def test_frame_leaves_the_polyp_alone(
        self,
        rendered: Rendered,
        truth: NDArray[np.bool_],
        ratio: float,
        renderer: Renderer,
        size: tuple[int, int],
    ) -> None:
        changed = _changed(rendered, renderer, size, MarkerKind.FRAME)
        assert changed.any()
        assert not (changed & _on_screen(truth, changed.shape)).any()


def _changed(
    rendered: Rendered, renderer: Renderer, size: tuple[int, int], kind: MarkerKind
) -> NDArray[np.bool_]:
    """Where the marked picture differs from the same one without markers."""
    plain = rendered[picture_name(renderer, size, MARKED_FORMATS[size].value)]
    marked = rendered[picture_name(renderer, size, kind.value)]
    changed: NDArray[np.bool_] = (plain != marked).any(axis=2)
    return changed


def _on_screen(truth: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """The ground truth, letterboxed into a view of ``shape``."""
    height, width = shape
    scale = min(height / truth.shape[0], width / truth.shape[1])
    placed_height, placed_width = round(truth.shape[0] * scale), round(truth.shape[1] * scale)
    top, left = (height - placed_height) // 2, (width - placed_width) // 2
    screen = np.zeros(shape, np.bool_)
    screen[top : top + placed_height, left : left + placed_width] = (
        cv2.resize(truth.astype(np.float32), (placed_width, placed_height)) >= 0.5
    )
    return screen


def _reach(ratio: float) -> int:
    """Half an outline with its casing, and what the network's coarse grid adds, in pixels."""
    return round(3 * ratio) + 3


def _grown(mask: NDArray[np.bool_], margin: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """``mask`` with and without a margin."""
    side = 2 * margin + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return (
        cv2.dilate(mask.astype(np.uint8), kernel) > 0,
        cv2.erode(mask.astype(np.uint8), kernel) > 0,
    )


def _tag_zone(near: NDArray[np.bool_], ratio: float) -> NDArray[np.bool_]:
    """Above the marker, as high as a line of text."""
    left, top, _, _ = _bounds(near)
    zone = np.zeros_like(near)
    bottom = top + round(6 * ratio)
    zone[
        max(bottom - round(36 * ratio), 0) : bottom, max(left - 2, 0) : left + round(120 * ratio)
    ] = True
    return zone


def _bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is True."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
