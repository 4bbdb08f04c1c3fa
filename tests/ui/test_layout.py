"""Where the picture lies on the screen, by arithmetic alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ui.layout import LARGEST_ZOOM, Viewport, cells, overlap, pane, panned, zoomed
from models.geometry import Area

_LENGTHS = st.integers(64, 4096)
_EVEN = st.integers(16, 2048).map(lambda half: 2 * half)
_SHARES = st.floats(0, 1)


def test_a_picture_of_the_view_s_size_lies_pixel_on_pixel() -> None:
    whole = Area(0, 0, 1920, 1080)
    shown = pane(whole, whole, Viewport())
    assert shown.source == shown.placed == shown.visible == whole


def test_a_picture_of_another_shape_is_letterboxed() -> None:
    shown = pane(Area(0, 0, 1000, 1000), Area(0, 0, 1920, 1080), Viewport())
    assert shown.visible == Area(0, 219, 1000, 562)


def test_two_cells_leave_the_gap_between_them() -> None:
    left, right = cells(1001, 500, side_by_side=True, gap=4)
    assert (left.width, right.width) == (498, 498)
    assert right.x - (left.x + left.width) >= 4
    assert right.x + right.width == 1001


@given(_LENGTHS, _LENGTHS, _EVEN, _EVEN, st.floats(1, LARGEST_ZOOM), _SHARES, _SHARES)
def test_every_pane_fits_its_cell_and_keeps_the_picture_s_shape(
    cell_width: int,
    cell_height: int,
    width: int,
    height: int,
    zoom: float,
    centre_x: float,
    centre_y: float,
) -> None:
    cell, source = Area(0, 0, cell_width, cell_height), Area(0, 0, width, height)
    shown = pane(cell, source, Viewport(zoom, centre_x, centre_y))
    assert overlap(shown.visible, cell) == shown.visible
    assert overlap(shown.source, source) == shown.source
    assert overlap(shown.placed, shown.visible) == shown.visible
    assert (shown.source.x % 2, shown.source.y % 2) == (0, 0)
    assert (shown.source.width % 2, shown.source.height % 2) == (0, 0)
    fitting = min(cell_width / width, cell_height / height) * zoom
    # Rounding to whole pixels, at both ends.
    assert abs(shown.placed.width - fitting * shown.source.width) <= 2 + fitting
    assert abs(shown.placed.height - fitting * shown.source.height) <= 2 + fitting
    # The work is bounded by the cell: what is cut off is at most a few source pixels on each side.
    assert shown.placed.width <= cell_width + 9 * fitting + 2
    assert shown.placed.height <= cell_height + 9 * fitting + 2


@given(_EVEN, _EVEN, st.floats(1, LARGEST_ZOOM), _SHARES, _SHARES)
def test_zooming_keeps_the_point_below_the_mouse(
    width: int, height: int, factor: float, anchor_x: float, anchor_y: float
) -> None:
    cell, source = Area(0, 0, 800, 600), Area(0, 0, width, height)
    before = pane(cell, source, Viewport())
    # A point of the picture, away from the border of a bar that zooming makes smaller.
    x = before.visible.x + anchor_x * before.visible.width
    y = before.visible.y + anchor_y * before.visible.height
    source_x, source_y = anchor_x * width, anchor_y * height
    after = pane(cell, source, zoomed(Viewport(), cell, source, factor, (x, y)))
    whole_width = min(800 / width, 600 / height) * width * factor
    whole_height = min(800 / width, 600 / height) * height * factor
    tolerance = 2 + factor * 2
    if whole_width >= 800 and before.visible.width == 800:
        assert after.x_of(source_x) == pytest.approx(x, abs=tolerance)
    if whole_height >= 600 and before.visible.height == 600:
        assert after.y_of(source_y) == pytest.approx(y, abs=tolerance)


def test_zooming_out_ends_at_the_whole_picture() -> None:
    cell, source = Area(0, 0, 800, 600), Area(0, 0, 1920, 1080)
    near = zoomed(Viewport(), cell, source, 4.0, (700.0, 100.0))
    assert zoomed(near, cell, source, 0.01, (20.0, 500.0)) == Viewport()


def test_panning_stops_at_the_picture_s_edge() -> None:
    cell, source = Area(0, 0, 800, 600), Area(0, 0, 800, 600)
    near = zoomed(Viewport(), cell, source, 2.0, (400.0, 300.0))
    assert panned(near, cell, source, 10_000.0, 10_000.0) == Viewport(2.0, 0.25, 0.25)
    assert pane(cell, source, panned(near, cell, source, -10_000.0, 0.0)).x_of(800) == 800
