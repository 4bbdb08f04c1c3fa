"""The marker: visible, where the region is, and nowhere else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from app.colour import in_own_components
from app.overlay import BLOCK, Marker, draw, marker_pixels
from models.picture import Picture
from models.regions import Findings, Region
from tests.app.drawn_findings import FORMS, discs, found, noise
from tests.models.pictures import Form

SHAPES = {
    "one": discs((176, 176, 60)),
    "two that lie far apart": discs((30, 40, 12), (320, 300, 20)),
    "a ring": discs((176, 176, 90)) - discs((176, 176, 50)),
    "at every edge": discs((0, 176, 40), (351, 176, 40), (176, 0, 40), (176, 351, 40)),
    "everywhere": discs((176, 176, 400)),
    "a few model pixels": discs((77, 201, 3)),
}
SIZES = [(128, 160), (90, 402), (1080, 1920)]

all_markers = pytest.mark.parametrize("marker", list(Marker))
all_forms = pytest.mark.parametrize(
    "form", FORMS, ids=lambda form: f"{form[0].value}-{form[1].value}"
)


def assert_untouched_beside(picture: Picture, marked: Picture, covered: NDArray[np.bool_]) -> None:
    """Every sample that a pixel outside ``covered`` uses is the same in both pictures."""
    for before, after in zip(picture.planes(), marked.planes(), strict=True):
        down, across = picture.height // before.shape[0], picture.width // before.shape[1]
        outside = ~covered
        used = outside.reshape(before.shape[0], down, before.shape[1], across).any(axis=(1, 3))
        assert np.array_equal(before[used], after[used])


@all_forms
@all_markers
def test_a_picture_with_nothing_found_is_handed_on_itself(form: Form, marker: Marker) -> None:
    picture = noise(form, 128, 160)
    nothing = found(discs(), 128, 160)
    assert draw(picture, nothing, marker) is picture
    assert not marker_pixels(128, 160, nothing, marker).any()


@all_forms
@all_markers
@pytest.mark.parametrize("shape", SHAPES)
def test_no_pixel_beside_the_marker_changes(form: Form, marker: Marker, shape: str) -> None:
    for height, width in SIZES:
        picture = noise(form, height, width)
        before = picture.pixels.copy()
        findings = found(SHAPES[shape], height, width)
        marked = draw(picture, findings, marker)
        assert_untouched_beside(picture, marked, marker_pixels(height, width, findings, marker))
        assert np.array_equal(picture.pixels, before), "the source's own pixels were written to"
        assert not np.array_equal(marked.pixels, before)
        assert (marked.pixel_format, marked.matrix, marked.full_range) == form


@settings(max_examples=60)
@given(
    blobs=st.lists(
        st.tuples(st.integers(0, 351), st.integers(0, 351), st.integers(0, 120)), max_size=5
    ),
    size=st.tuples(st.integers(32, 150), st.integers(32, 150)),
    form=st.sampled_from(FORMS),
    marker=st.sampled_from(list(Marker)),
)
def test_no_pixel_beside_any_marker_changes(
    blobs: list[tuple[int, int, int]],
    size: tuple[int, int],
    form: Form,
    marker: Marker,
) -> None:
    down, across = form[0].chroma_step
    height, width = size[0] * down, size[1] * across
    picture = noise(form, height, width)
    findings = found(discs(*blobs), height, width)
    marked = draw(picture, findings, marker)
    assert_untouched_beside(picture, marked, marker_pixels(height, width, findings, marker))


@all_forms
@all_markers
@pytest.mark.parametrize("background", [(255, 255, 255), (0, 0, 0), (190, 80, 70), (235, 170, 140)])
def test_the_marker_is_lighter_or_darker_than_any_background(
    form: Form,
    marker: Marker,
    background: tuple[int, int, int],
) -> None:
    picture = noise(form, 128, 160)
    values = in_own_components(picture, background)
    plain = Picture(picture.pixels.copy(), *form)
    for plane, value in zip(plain.planes(), values, strict=True):
        plane[:] = value
    marked = draw(plain, found(SHAPES["one"], 128, 160), marker)
    grey = cv2.cvtColor(marked.to_rgb(), cv2.COLOR_RGB2GRAY).astype(int)
    own = cv2.cvtColor(plain.to_rgb(), cv2.COLOR_RGB2GRAY)[0, 0]
    assert np.count_nonzero(abs(grey - own) > 60) > 200
    assert grey.max() > 190
    assert grey.min() < 40


def one_region(x: int, y: int, width: int, height: int) -> Findings:
    """A rectangle found on a picture of 128 rows and 160 columns."""
    mask = np.zeros((128, 160), np.uint8)
    mask[y : y + height, x : x + width] = 255
    return Findings(mask, (Region(x, y, width, height, width * height, 1.0),), 0.1, 1.0)


@pytest.mark.parametrize(
    "box", [(40, 30, 60, 50), (41, 31, 61, 51), (0, 0, 160, 128), (7, 9, 1, 1)]
)
def test_the_box_runs_along_the_regions_box(box: tuple[int, int, int, int]) -> None:
    x, y, width, height = box
    covered = marker_pixels(128, 160, one_region(*box), Marker.BOX)
    rows, columns = np.nonzero(covered)
    thickness = 2 * BLOCK  # of what lies outside: half the line, the casing, and rounding
    assert x - thickness <= columns.min() <= x
    assert y - thickness <= rows.min() <= y
    assert x + width - 1 <= columns.max() <= x + width - 1 + thickness
    assert y + height - 1 <= rows.max() <= y + height - 1 + thickness
    if min(width, height) > 20:
        assert not covered[y + height // 2, x + width // 2]


@pytest.mark.parametrize("shape", SHAPES)
def test_the_contour_runs_along_the_edge_of_the_mask(shape: str) -> None:
    height, width = 256, 320
    findings = found(SHAPES[shape], height, width)
    covered = marker_pixels(height, width, findings, Marker.CONTOUR)
    inside = cv2.copyMakeBorder(findings.mask, 1, 1, 1, 1, cv2.BORDER_CONSTANT)
    edge = (inside - cv2.erode(inside, np.ones((3, 3), np.uint8)))[1:-1, 1:-1] > 0
    near_edge = cv2.dilate(edge.astype(np.uint8), np.ones((13, 13), np.uint8)) > 0
    assert covered[edge].all()
    assert near_edge[covered].all()


@pytest.mark.parametrize("shape", SHAPES)
def test_the_fill_covers_the_mask(shape: str) -> None:
    findings = found(SHAPES[shape], 255, 321)
    covered = marker_pixels(255, 321, findings, Marker.FILL)
    assert covered[findings.mask > 0].all()


def test_the_fill_lets_the_mucosa_show_through() -> None:
    picture = noise(FORMS[1], 128, 160)
    findings = found(SHAPES["one"], 128, 160)
    inner = cv2.erode(findings.mask, np.ones((21, 21), np.uint8)) > 0
    before = picture.luma_plane()[inner].astype(float)
    after = draw(picture, findings, Marker.FILL).luma_plane()[inner].astype(float)
    assert not np.array_equal(before, after)
    assert np.corrcoef(before, after)[0, 1] > 0.99


@all_markers
@pytest.mark.parametrize(("x", "y"), [(1, 1), (7, 8), (8, 7), (159, 127), (0, 0)])
def test_a_region_of_one_pixel_is_marked(marker: Marker, x: int, y: int) -> None:
    assert marker_pixels(128, 160, one_region(x, y, 1, 1), marker)[y, x]


def test_lines_grow_with_the_picture() -> None:
    def line_px(height: int, width: int) -> int:
        """Thickness of the marker where the middle row meets the left side of the box."""
        findings = found(SHAPES["one"], height, width)
        row = marker_pixels(height, width, findings, Marker.BOX)[height // 2, : width // 2]
        return int(np.count_nonzero(row))

    assert line_px(288, 384) < line_px(1080, 1920) < line_px(2160, 3840)


@all_forms
def test_colours_are_shown_as_they_are(form: Form) -> None:
    for colour in [(0, 0, 0), (255, 255, 255), (96, 255, 208), (200, 30, 30)]:
        picture = Picture(noise(form, 16, 16).pixels.copy(), *form)
        for plane, value in zip(picture.planes(), in_own_components(picture, colour), strict=True):
            plane[:] = value
        assert np.abs(picture.to_rgb().astype(int) - colour).max() <= 3
