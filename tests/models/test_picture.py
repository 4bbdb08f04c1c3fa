from __future__ import annotations

import numpy as np
import pytest

from models.picture import ColourMatrix, Picture, PixelFormat, rgb_from_yuv
from tests.models.pictures import as_picture, decoded, scene

YUV_FORMATS = (PixelFormat.YUV420P, PixelFormat.NV12)


@pytest.mark.parametrize("pixel_format", YUV_FORMATS)
@pytest.mark.parametrize("matrix", ColourMatrix)
@pytest.mark.parametrize("full_range", [False, True])
def test_yuv_to_rgb(pixel_format: PixelFormat, matrix: ColourMatrix, full_range: bool) -> None:
    flat = as_picture(
        np.full((46, 62, 3), (200, 90, 40), np.uint8), pixel_format, matrix, full_range
    )
    assert np.abs(flat.to_rgb().astype(int) - (200, 90, 40)).max() <= 2

    picture = as_picture(scene(94, 126), pixel_format, matrix, full_range)
    rgb = picture.to_rgb()
    assert rgb.shape == (picture.height, picture.width, 3) == (94, 126, 3)
    # Interpolated chroma is rounded to a level, and blue takes 2.1 times that.
    assert np.abs(rgb.astype(int) - decoded(picture)).max() <= 2


def test_rgb_is_given_as_it_is() -> None:
    rgb = scene(7, 5)
    assert Picture(rgb).to_rgb() is rgb


@pytest.mark.parametrize("pixel_format", YUV_FORMATS)
def test_chroma_planes_lie_where_the_format_says(pixel_format: PixelFormat) -> None:
    # 6 is no multiple of 4: U of a planar picture ends in the middle of a row.
    rgb = np.zeros((6, 8, 3), np.uint8)
    rgb[:2, 6:] = (0, 0, 255)
    picture = as_picture(rgb, pixel_format)
    blue_difference, red_difference = picture.chroma_planes()
    assert blue_difference.shape == red_difference.shape == (3, 4)
    assert np.argwhere(blue_difference > 200).tolist() == [[0, 3]]
    assert np.argwhere(red_difference < 120).tolist() == [[0, 3]]


def test_grey_has_no_colour_and_white_and_black_reach_the_ends() -> None:
    for matrix in ColourMatrix:
        for full_range, black, white in ((False, 16, 235), (True, 0, 255)):
            conversion = rgb_from_yuv(matrix, full_range)
            assert conversion @ (black, 128, 128, 1) == pytest.approx([0, 0, 0], abs=1e-9)
            assert conversion @ (white, 128, 128, 1) == pytest.approx([255, 255, 255])


def test_the_published_coefficients() -> None:
    # ITU-R BT.601 and BT.709, full range.
    assert rgb_from_yuv(ColourMatrix.BT601, True)[:, :3] == pytest.approx(
        np.array([[1, 0, 1.402], [1, -0.344136, -0.714136], [1, 1.772, 0]]), abs=1e-6
    )
    assert rgb_from_yuv(ColourMatrix.BT709, True)[:, :3] == pytest.approx(
        np.array([[1, 0, 1.5748], [1, -0.187324, -0.468124], [1, 1.8556, 0]]), abs=1e-6
    )


@pytest.mark.parametrize(
    ("pixels", "pixel_format"),
    [
        (np.zeros((4, 4, 3), np.float32), PixelFormat.RGB24),
        (np.zeros((4, 8, 3), np.uint8)[:, ::2], PixelFormat.RGB24),
        (np.zeros((4, 4, 4), np.uint8), PixelFormat.RGB24),
        (np.zeros((0, 4, 3), np.uint8), PixelFormat.RGB24),
        (np.zeros((4, 4), np.uint8), PixelFormat.RGB24),
        (np.zeros((6, 5), np.uint8), PixelFormat.YUV420P),
        (np.zeros((7, 4), np.uint8), PixelFormat.NV12),
        (np.zeros((6, 4, 3), np.uint8), PixelFormat.NV12),
    ],
)
def test_pixels_that_do_not_fit_the_format_are_refused(
    pixels: np.ndarray, pixel_format: PixelFormat
) -> None:
    with pytest.raises(ValueError, match="pixels"):
        Picture(pixels, pixel_format)
