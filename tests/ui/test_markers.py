"""The picture on the screen: alike on OpenGL and without it, its markers where the polyps are."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.player.settings import MarkerKind
from models.picture import PixelFormat
from tests.ui.frames import phantom_shown
from tests.ui.render_markers import (
    MARKED_FORMATS,
    PHANTOM_SIZE,
    RENDERERS,
    WINDOW_SIZES,
    picture_name,
)
from tests.ui.rendering import Rendered, render

TOLERANCE = 2
"""Grey levels between the two renderers."""
PIXEL_RATIOS = (1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True)
class Window:
    """What one renderer drew, and where the polyp is on it: (height, width) in device pixels."""

    plain: NDArray[np.uint8]
    marked: Mapping[MarkerKind, NDArray[np.uint8]]
    polyp: NDArray[np.bool_]
    ratio: float

    @property
    def reach(self) -> int:
        """Half an outline with its casing, and what the network's coarse grid adds, in pixels."""
        return round(3 * self.ratio) + 3

    @property
    def near(self) -> NDArray[np.bool_]:
        """The polyp with a margin."""
        return _around(self.polyp, cv2.MORPH_DILATE, self.reach)

    @property
    def deep(self) -> NDArray[np.bool_]:
        """The polyp without one."""
        return _around(self.polyp, cv2.MORPH_ERODE, self.reach)

    @property
    def tag_zone(self) -> NDArray[np.bool_]:
        """Above the marker, as high as a line of text."""
        left, top, _, _ = _bounds(self.near)
        zone = np.zeros_like(self.polyp)
        bottom = top + round(6 * self.ratio)
        highest, leftmost = max(bottom - round(36 * self.ratio), 0), max(left - 2, 0)
        zone[highest:bottom, leftmost : left + round(120 * self.ratio)] = True
        return zone

    def changed(self, kind: MarkerKind) -> NDArray[np.bool_]:
        """Where the marked picture differs from the same one without markers."""
        changed: NDArray[np.bool_] = (self.plain != self.marked[kind]).any(axis=2)
        return changed


@pytest.fixture(scope="module", params=PIXEL_RATIOS)
def ratio(request: pytest.FixtureRequest) -> float:
    return float(request.param)


@pytest.fixture(scope="module")
def rendered(ratio: float, display: str, tmp_path_factory: pytest.TempPathFactory) -> Rendered:
    file = tmp_path_factory.mktemp("rendered") / "pictures.npz"
    return render("tests.ui.render_markers", str(file), ratio=ratio, file=file, DISPLAY=display)


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
    on_gpu, on_cpu = (rendered[picture_name(renderer, size, content)] for renderer in RENDERERS)
    width, height = (int(length * ratio + 0.5) for length in size)
    assert on_gpu.shape == (height, width, 3)
    assert np.abs(on_gpu.astype(np.int16) - on_cpu).max() <= TOLERANCE


@pytest.fixture(
    params=itertools.product(RENDERERS, WINDOW_SIZES),
    ids=lambda drawn: f"{drawn[0].name}-{drawn[1][0]}x{drawn[1][1]}",
)
def window(
    request: pytest.FixtureRequest, rendered: Rendered, truth: NDArray[np.bool_], ratio: float
) -> Window:
    renderer, size = request.param
    plain = rendered[picture_name(renderer, size, MARKED_FORMATS[size].value)]
    marked = {kind: rendered[picture_name(renderer, size, kind.value)] for kind in MarkerKind}
    return Window(plain, marked, _on_screen(truth, plain.shape[:2]), ratio)


def test_fill_covers_the_polyp_and_nothing_else(window: Window) -> None:
    changed = window.changed(MarkerKind.FILL)
    assert changed[window.deep].all()
    assert not (changed & ~window.near & ~window.tag_zone).any()


def test_contour_runs_along_the_edge(window: Window) -> None:
    changed = window.changed(MarkerKind.CONTOUR)
    edge = cv2.morphologyEx(
        window.polyp.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)
    )
    assert changed[edge > 0].mean() > 0.99
    assert not (changed & window.deep).any()
    assert not (changed & ~window.near & ~window.tag_zone).any()


def test_box_is_round_the_polyp(window: Window) -> None:
    found = _bounds(window.changed(MarkerKind.BOX) & ~window.tag_zone)
    # The tag lies on top of the box, whose upper edge is behind its zone.
    assert np.abs(np.subtract(_bounds(window.polyp), found)[[0, 2, 3]]).max() <= window.reach


def test_frame_leaves_the_polyp_alone(window: Window) -> None:
    changed = window.changed(MarkerKind.FRAME)
    assert changed.any()
    assert not (changed & window.polyp).any()


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


def _around(mask: NDArray[np.bool_], operation: int, margin: int) -> NDArray[np.bool_]:
    """``mask`` dilated or eroded by ``margin`` pixels."""
    side = 2 * margin + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
    return cv2.morphologyEx(mask.astype(np.uint8), operation, kernel) > 0


def _bounds(mask: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of what is True."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
