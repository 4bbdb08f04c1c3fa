"""A mask pixel lands on the source pixel that it came from."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.geometry import Area, Geometry, least_level, mask_on_source, probability_on_source
from models.picture import PixelFormat
from models.preprocess import model_input
from models.spec import ModelSpec
from tests.models.pictures import as_picture

SPEC = ModelSpec()


def geometry_of(height: int, width: int, area: Area) -> Geometry:
    return Geometry(height, width, area, SPEC.height, SPEC.width)


def drawn_shape(height: int, width: int, area: Area) -> NDArray[np.uint8]:
    """(height, width) 0 or 255: an ellipse off the middle of ``area``, with a corner cut out."""
    shape = np.zeros((height, width), np.uint8)
    centre = (area.x + area.width * 2 // 5, area.y + area.height * 3 // 5)
    cv2.ellipse(shape, centre, (area.width // 4, area.height // 6), 30, 0, 360, 255, -1)
    shape[: centre[1], : centre[0]] = 0
    return shape


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize(
    ("height", "width", "area"),
    [
        (1080, 1920, Area(0, 0, 1920, 1080)),
        (1080, 1920, Area(420, 30, 1340, 1010)),
        (576, 720, Area(2, 4, 700, 566)),
        (288, 384, Area(0, 0, 384, 288)),
        (352, 352, Area(0, 0, 352, 352)),
        (480, 640, Area(300, 200, 120, 90)),
    ],
)
def test_a_shape_comes_back_to_where_it_was_drawn(
    pixel_format: PixelFormat, height: int, width: int, area: Area
) -> None:
    shape = drawn_shape(height, width, area)
    # The network stands aside: what it would see is taken as what it says.
    picture = as_picture(np.repeat(shape[..., None], 3, axis=2), pixel_format)
    probability = model_input(picture, area, SPEC)[..., 1]
    mask = mask_on_source(probability, geometry_of(height, width, area), 0.5)

    assert mask.shape == (height, width)
    drawn = shape > 0
    pixel_height = max(1.0, area.height / SPEC.height)
    pixel_width = max(1.0, area.width / SPEC.width)
    # Nothing strays further than one model pixel, and nothing is shifted at all.
    reach = np.ones((2 * int(pixel_height) + 3, 2 * int(pixel_width) + 3), np.uint8)
    assert not (mask & (cv2.dilate(shape, reach) == 0)).any()
    assert mask[cv2.erode(shape, reach) > 0].all()
    shift = np.argwhere(mask).mean(axis=0) - np.argwhere(drawn).mean(axis=0)
    assert np.abs(shift / (pixel_height, pixel_width)).max() < 0.05
    outside = np.ones((height, width), bool)
    outside[area.y : area.y + area.height, area.x : area.x + area.width] = False
    assert not mask[outside].any()


@given(
    row=st.integers(1, 350),
    column=st.integers(1, 350),
    area=st.builds(Area, *[st.integers(0, 300)] * 2, *[st.integers(353, 1500)] * 2),
)
def test_a_model_pixel_peaks_on_its_own_place_of_the_source(
    row: int, column: int, area: Area
) -> None:
    geometry = geometry_of(1800, 1800, area)
    probability = np.zeros((352, 352), np.uint8)
    probability[row, column] = 255
    source = probability_on_source(probability, geometry).astype(np.float64)

    middle = geometry.to_source(np.array([column + 0.5, row + 0.5]))
    rows, columns = np.nonzero(source)
    weights = source[rows, columns]
    centre = np.array([weights @ (columns + 0.5), weights @ (rows + 0.5)]) / weights.sum()
    assert centre == pytest.approx(middle, abs=0.5)
    assert source[int(middle[1]), int(middle[0])] >= 0.7 * source.max()


def test_corners_of_the_model_lie_on_corners_of_the_area() -> None:
    geometry = geometry_of(1080, 1920, Area(420, 30, 1340, 1010))
    corners = np.array([[0.0, 0.0], [352.0, 352.0]])
    assert geometry.to_source(corners).tolist() == [[420, 30], [1760, 1040]]


def test_probability_agrees_with_interpolation_in_floating_point() -> None:
    probability = np.random.default_rng(0).integers(0, 256, (352, 352), np.uint8)
    area = Area(11, 7, 801, 603)
    source = probability_on_source(probability, geometry_of(640, 833, area))
    # Half-pixel centres, repeated at the edges, written out.
    rows = ((np.arange(area.height) + 0.5) * 352 / area.height - 0.5).clip(0, 351)
    columns = ((np.arange(area.width) + 0.5) * 352 / area.width - 0.5).clip(0, 351)
    top, left = rows.astype(int).clip(0, 350), columns.astype(int).clip(0, 350)
    down, right = (rows - top)[:, None], (columns - left)[None, :]
    values = probability.astype(np.float64)

    def taken(row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.float64]:
        picked: NDArray[np.float64] = values[np.ix_(row, column)]
        return picked

    expected = (1 - down) * ((1 - right) * taken(top, left) + right * taken(top, left + 1))
    expected += down * ((1 - right) * taken(top + 1, left) + right * taken(top + 1, left + 1))
    inside = source[area.y : area.y + area.height, area.x : area.x + area.width]
    assert np.abs(inside - expected).max() < 1.5
    assert np.abs((inside - expected).mean()) < 0.01
    source[area.y : area.y + area.height, area.x : area.x + area.width] = 0
    assert not source.any()


def test_threshold_counts_from_its_level_up() -> None:
    geometry = geometry_of(352, 352, Area(0, 0, 352, 352))
    probability = np.arange(352 * 352, dtype=np.int64).reshape(352, 352).astype(np.uint8)
    for threshold, level in ((0.0, 1), (0.5, 128), (1.0, 255), (128 / 255, 128)):
        assert least_level(threshold) == level
        assert (mask_on_source(probability, geometry, threshold) == (probability >= level)).all()
