"""The kernels' numbers, held against Pillow and against the CPU's own preprocessing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from models.backends.cuda.conversion import conversion_job
from models.geometry import Area
from models.picture import ColourMatrix, Picture, PixelFormat
from models.preprocess import model_input
from models.spec import ModelSpec
from tests.models.cuda.host_kernels import HostKernels, build
from tests.models.pictures import (
    EVERY_FORM,
    PACKED_422,
    YUV_FORMATS,
    Form,
    as_picture,
    decoded,
    scene,
)

SPEC = ModelSpec()

WHOLE_AND_PART = [
    ((1080, 1920), Area(0, 0, 1920, 1080)),
    ((1080, 1920), Area(562, 30, 1012, 1018)),
    ((480, 640), Area(0, 0, 640, 480)),
    ((576, 720), Area(44, 2, 630, 570)),
    ((352, 352), Area(0, 0, 352, 352)),
    ((240, 320), Area(10, 6, 202, 130)),
]
ODD = [
    ((1079, 1919), Area(0, 0, 1919, 1079)),
    ((487, 653), Area(7, 3, 601, 455)),
    ((101, 77), Area(1, 0, 75, 99)),
    ((1, 1), Area(0, 0, 1, 1)),
]


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> HostKernels:
    return HostKernels(tmp_path_factory.mktemp("kernels"))


def pillow_input(rgb: NDArray[np.uint8], area: Area) -> NDArray[np.uint8]:
    """The reference: Pillow's antialiased bilinear resize of an RGB image's area."""
    part = rgb[area.y : area.y + area.height, area.x : area.x + area.width]
    resized = Image.fromarray(part).resize((SPEC.width, SPEC.height), Image.Resampling.BILINEAR)
    return np.asarray(resized, np.uint8)


@pytest.mark.parametrize("pixel_format", [PixelFormat.RGB24, PixelFormat.BGR24])
@pytest.mark.parametrize(("size", "area"), WHOLE_AND_PART + ODD)
def test_rgb_is_resized_as_pillow_does(
    kernels: HostKernels, size: tuple[int, int], area: Area, pixel_format: PixelFormat
) -> None:
    rgb = scene(*size)
    frame = kernels.model_input(as_picture(rgb, pixel_format), area, SPEC)
    difference = np.abs(frame.astype(np.int16) - pillow_input(rgb, area))
    assert difference.mean() <= 0.5
    assert difference.max() <= 2


@pytest.mark.parametrize("form", [form for form in EVERY_FORM if form[0].is_yuv])
@pytest.mark.parametrize(("size", "area"), WHOLE_AND_PART)
def test_yuv_is_within_one_level_of_pillow_on_rgb(
    kernels: HostKernels, size: tuple[int, int], area: Area, form: Form
) -> None:
    picture = as_picture(scene(*size), *form)
    frame = kernels.model_input(picture, area, SPEC)
    difference = np.abs(frame.astype(np.int16) - pillow_input(decoded(picture), area))
    assert difference.mean() <= 1


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize(("size", "area"), WHOLE_AND_PART)
def test_device_and_cpu_see_the_same_frame(
    kernels: HostKernels, size: tuple[int, int], area: Area, pixel_format: PixelFormat
) -> None:
    picture = as_picture(scene(*size), pixel_format)
    frame = kernels.model_input(picture, area, SPEC)
    difference = np.abs(frame.astype(np.int16) - model_input(picture, area, SPEC))
    assert difference.mean() <= 0.1
    assert np.mean(difference > 1) < 0.001


@pytest.mark.parametrize("pixel_format", PACKED_422)
@pytest.mark.parametrize(
    ("rows", "area"), [(487, Area(0, 0, 640, 487)), (101, Area(6, 3, 600, 97))]
)
def test_rows_of_packed_yuv_may_be_odd(
    kernels: HostKernels, rows: int, area: Area, pixel_format: PixelFormat
) -> None:
    even = as_picture(scene(rows + 1, 640), pixel_format)
    picture = Picture(even.pixels[:rows], pixel_format)
    frame = kernels.model_input(picture, area, SPEC)
    difference = np.abs(frame.astype(np.int16) - pillow_input(decoded(picture), area))
    assert difference.mean() <= 1


@pytest.mark.parametrize("pixel_format", YUV_FORMATS)
@pytest.mark.parametrize(
    ("yuv", "matrix", "full_range", "rgb"),
    [
        ((235, 128, 128), ColourMatrix.BT709, False, (255, 255, 255)),
        ((16, 128, 128), ColourMatrix.BT709, False, (0, 0, 0)),
        ((63, 102, 240), ColourMatrix.BT709, False, (255, 1, 0)),
        ((173, 42, 26), ColourMatrix.BT709, False, (0, 255, 1)),
        ((32, 240, 118), ColourMatrix.BT709, False, (1, 0, 255)),
        ((81, 90, 240), ColourMatrix.BT601, False, (254, 0, 0)),
        ((145, 54, 34), ColourMatrix.BT601, False, (0, 255, 1)),
        ((41, 240, 110), ColourMatrix.BT601, False, (0, 0, 255)),
        ((255, 128, 128), ColourMatrix.BT601, True, (255, 255, 255)),
        ((76, 85, 255), ColourMatrix.BT601, True, (254, 0, 0)),
        ((29, 255, 107), ColourMatrix.BT601, True, (0, 0, 254)),
    ],
)
def test_colour_bars_have_the_colours_of_the_standards(
    kernels: HostKernels,
    yuv: tuple[int, int, int],
    matrix: ColourMatrix,
    full_range: bool,
    rgb: tuple[int, int, int],
    pixel_format: PixelFormat,
) -> None:
    y, u, v = yuv
    pixels = {
        PixelFormat.YUV420P: np.array([[y] * 6] * 4 + [[u] * 6, [v] * 6], np.uint8),
        PixelFormat.NV12: np.array([[y] * 6] * 4 + [[u, v] * 3] * 2, np.uint8),
        PixelFormat.YUYV422: np.array([[[y, u], [y, v]] * 3] * 4, np.uint8),
        PixelFormat.UYVY422: np.array([[[u, y], [v, y]] * 3] * 4, np.uint8),
    }
    picture = Picture(pixels[pixel_format], pixel_format, matrix, full_range)
    frame = kernels.model_input(picture, Area(0, 0, 6, 4), SPEC)
    assert np.abs(frame.reshape(-1, 3).astype(np.int16) - rgb).max() <= 1


def test_a_frame_of_the_models_size_passes_unchanged(kernels: HostKernels) -> None:
    picture = Picture(np.random.default_rng(1).integers(0, 256, (352, 352, 3), np.uint8))
    frame = kernels.model_input(picture, Area(0, 0, 352, 352), SPEC)
    np.testing.assert_array_equal(frame, picture.pixels)


def test_nothing_outside_the_area_is_looked_at(kernels: HostKernels) -> None:
    area = Area(100, 60, 300, 200)
    inside = scene(area.height, area.width)
    framed = np.full((480, 640, 3), 255, np.uint8)
    framed[area.y : area.y + area.height, area.x : area.x + area.width] = inside
    np.testing.assert_array_equal(
        kernels.model_input(Picture(framed), area, SPEC),
        kernels.model_input(Picture(inside), Area(0, 0, area.width, area.height), SPEC),
    )


@pytest.mark.parametrize("area", [Area(0, 0, 641, 480), Area(-1, 0, 9, 9), Area(0, 0, 0, 9)])
def test_an_area_outside_the_picture_never_reaches_the_device(area: Area) -> None:
    picture = Picture(np.zeros((480, 640, 3), np.uint8))
    with pytest.raises(ValueError, match="leaves the 640x480 picture"):
        conversion_job(picture, area, SPEC, 0, 0)


def test_no_size_reads_or_writes_out_of_bounds(tmp_path: Path) -> None:
    program = tmp_path / "bounds"
    sanitisers = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
    build("bounds.cpp", program, "-O1", *sanitisers)
    environment = {**os.environ, "ASAN_OPTIONS": "detect_leaks=0"}
    within = subprocess.run([program], env=environment, capture_output=True, text=True, check=False)
    assert within.returncode == 0, within.stderr
    stray = subprocess.run(
        [program, "one byte too small"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert stray.returncode != 0
    assert "heap-buffer-overflow" in stray.stderr
