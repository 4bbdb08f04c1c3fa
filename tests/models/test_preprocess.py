"""The network's input against Pillow's antialiased filter on RGB, which is what training used."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.geometry import Area
from models.picture import ColourMatrix, Picture, PixelFormat
from models.preprocess import model_input
from models.spec import ModelSpec
from tests.locations import shared
from tests.models.pictures import PACKED_422, YUV_FORMATS, as_picture, decoded, scene

SPEC = ModelSpec()
MEAN_TOLERANCE = 0.4
"""Mean absolute difference in levels of 255; Pillow's own rounding makes a quarter of a level."""
BIAS_TOLERANCE = 0.05


def trained(rgb: NDArray[np.uint8], area: Area) -> NDArray[np.int64]:
    box = (area.x, area.y, area.x + area.width, area.y + area.height)
    size = (SPEC.width, SPEC.height)
    resized = Image.fromarray(rgb).crop(box).resize(size, Image.Resampling.BILINEAR)
    return np.asarray(resized, np.int64)


def check(picture: Picture, rgb: NDArray[np.uint8], area: Area) -> None:
    frame = model_input(picture, area, SPEC)
    assert frame.shape == (352, 352, 3)
    assert frame.dtype == np.uint8
    assert frame.flags.c_contiguous
    difference = frame - trained(rgb, area)
    assert np.abs(difference).mean() < MEAN_TOLERANCE
    assert np.abs(difference.mean(axis=(0, 1))).max() < BIAS_TOLERANCE


def whole(picture: Picture) -> Area:
    return Area(0, 0, picture.width, picture.height)


@pytest.mark.parametrize("pixel_format", YUV_FORMATS)
@pytest.mark.parametrize("matrix", ColourMatrix)
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize(("height", "width"), [(1080, 1920), (288, 384), (486, 720), (352, 352)])
def test_yuv(
    pixel_format: PixelFormat, matrix: ColourMatrix, full_range: bool, height: int, width: int
) -> None:
    picture = as_picture(scene(height, width), pixel_format, matrix, full_range)
    check(picture, decoded(picture), whole(picture))


@pytest.mark.parametrize(
    ("height", "width"),
    [
        (1080, 1920),
        (960, 1280),
        (529, 623),
        (487, 333),
        (352, 352),
        (352, 500),
        (101, 97),
        (4, 701),
        (5, 4),
    ],
)
@pytest.mark.parametrize("pixel_format", [PixelFormat.RGB24, PixelFormat.BGR24])
def test_rgb(height: int, width: int, pixel_format: PixelFormat) -> None:
    rgb = scene(height, width)
    check(as_picture(rgb, pixel_format), rgb, Area(0, 0, width, height))


@pytest.mark.parametrize("pixel_format", PACKED_422)
def test_an_odd_number_of_rows_of_packed_yuv(pixel_format: PixelFormat) -> None:
    whole_picture = as_picture(scene(488, 640), pixel_format)
    picture = Picture(whole_picture.pixels[:487], pixel_format)
    check(picture, decoded(picture), Area(6, 3, 600, 481))


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("level", [0, 24])
def test_a_part_beside_a_grey_border(pixel_format: PixelFormat, level: int) -> None:
    area = Area(420, 30, 1340, 1010)
    rgb = np.full((1080, 1920, 3), level, np.uint8)
    rgb[area.y : area.y + area.height, area.x : area.x + area.width] = scene(1010, 1340)
    picture = as_picture(rgb, pixel_format)
    check(picture, decoded(picture), area)


def test_pixels_outside_the_area_do_not_leak_in() -> None:
    area = Area(100, 50, 300, 200)
    rgb = np.full((400, 600, 3), 255, np.uint8)
    rgb[50:250, 100:400] = 0
    assert not model_input(Picture(rgb), area, SPEC).any()


def test_the_ends_of_the_range_are_kept() -> None:
    for size in ((1080, 1920), (352, 352)):
        for level in (0, 255):
            picture = Picture(np.full((*size, 3), level, np.uint8))
            assert (model_input(picture, whole(picture), SPEC) == level).all()


def test_another_model_size() -> None:
    picture = Picture(scene(480, 640))
    spec = ModelSpec(height=256, width=512)
    assert model_input(picture, whole(picture), spec).shape == (256, 512, 3)


def test_the_smallest_picture() -> None:
    picture = as_picture(np.full((2, 2, 3), 90, np.uint8), PixelFormat.YUV420P)
    assert np.abs(model_input(picture, whole(picture), SPEC).astype(int) - 90).max() <= 1


@pytest.mark.parametrize(
    "area",
    [Area(0, 0, 0, 10), Area(-2, 0, 10, 10), Area(0, 0, 66, 10), Area(0, 40, 10, 10)],
)
def test_an_area_that_leaves_the_picture_is_refused(area: Area) -> None:
    with pytest.raises(ValueError, match="64x48"):
        model_input(Picture(scene(48, 64)), area, SPEC)


@pytest.mark.parametrize("pixel_format", PixelFormat)
def test_an_area_that_cuts_through_chroma_is_refused(pixel_format: PixelFormat) -> None:
    picture = as_picture(scene(480, 640), pixel_format)
    odd_columns, odd_rows = pixel_format.is_yuv, pixel_format.chroma_step == (2, 2)
    for area, refused in (
        (Area(1, 0, 600, 400), odd_columns),
        (Area(0, 0, 601, 400), odd_columns),
        (Area(0, 1, 600, 400), odd_rows),
        (Area(0, 0, 600, 401), odd_rows),
    ):
        if refused:
            with pytest.raises(ValueError, match=r"must be even$"):
                model_input(picture, area, SPEC)
        else:
            check(picture, decoded(picture), area)


def test_real_images() -> None:
    folder = shared("data/kvasir-seg/images")
    for path in sorted(folder.iterdir())[::200]:
        rgb = np.array(Image.open(path).convert("RGB"))
        check(Picture(rgb), rgb, Area(0, 0, rgb.shape[1], rgb.shape[0]))
