from __future__ import annotations

import numpy as np
import pytest

from models.geometry import Area
from models.picture import ColourMatrix, Picture, PixelFormat, rgb_from_yuv
from tests.models.pictures import PACKED_422, YUV_FORMATS, as_picture, decoded, scene


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


def test_bgr_is_turned_around() -> None:
    rgb = scene(7, 5)
    assert np.array_equal(as_picture(rgb, PixelFormat.BGR24).to_rgb(), rgb)


def test_untagged_video_has_the_matrix_of_its_height() -> None:
    matrices = [ColourMatrix.untagged(height) for height in (576, 719, 720, 2160)]
    assert matrices == [ColourMatrix.BT601] * 2 + [ColourMatrix.BT709] * 2


@pytest.mark.parametrize(
    ("pixel_format", "rows"),
    [
        (PixelFormat.YUV420P, 3),
        (PixelFormat.NV12, 3),
        (PixelFormat.YUYV422, 6),
        (PixelFormat.UYVY422, 6),
    ],
)
def test_chroma_planes_lie_where_the_format_says(pixel_format: PixelFormat, rows: int) -> None:
    # 6 is no multiple of 4: U of a planar picture ends in the middle of a row.
    rgb = np.zeros((6, 8, 3), np.uint8)
    rgb[:2, 6:] = (0, 0, 255)
    picture = as_picture(rgb, pixel_format)
    blue_difference, red_difference = picture.chroma_planes()
    assert blue_difference.shape == red_difference.shape == (rows, 4)
    blue = [[row, 3] for row in range(rows // 3)]
    assert np.argwhere(blue_difference > 200).tolist() == blue
    assert np.argwhere(red_difference < 120).tolist() == blue
    assert np.argwhere(picture.luma_plane() > 16).tolist() == [[0, 6], [0, 7], [1, 6], [1, 7]]


@pytest.mark.parametrize(
    ("pixel_format", "row", "planes"),
    [
        (PixelFormat.RGB24, [1, 2, 3, 4, 5, 6], ([1, 4], [2, 5], [3, 6])),
        (PixelFormat.BGR24, [1, 2, 3, 4, 5, 6], ([3, 6], [2, 5], [1, 4])),
        (PixelFormat.YUYV422, [1, 2, 3, 4], ([1, 3], [2], [4])),
        (PixelFormat.UYVY422, [1, 2, 3, 4], ([2, 4], [1], [3])),
    ],
)
def test_every_byte_of_a_packed_row_is_the_right_sample(
    pixel_format: PixelFormat, row: list[int], planes: tuple[list[int], list[int], list[int]]
) -> None:
    picture = Picture(np.array(row, np.uint8).reshape(1, 2, -1), pixel_format)
    assert tuple(plane[0].tolist() for plane in picture.planes()) == planes


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("area", [Area(0, 0, 16, 12), Area(4, 2, 6, 8), Area(14, 10, 2, 2)])
def test_separated_planes_are_the_planes(pixel_format: PixelFormat, area: Area) -> None:
    picture = as_picture(scene(12, 16), pixel_format)
    chroma = picture.chroma_area(area)
    for plane, part, place in zip(
        picture.planes(), picture.separated(area), (area, chroma, chroma), strict=True
    ):
        rows = slice(place.y, place.y + place.height)
        assert np.array_equal(plane[rows, place.x : place.x + place.width], part)
        assert part.strides[1] == 1
        assert np.shares_memory(plane, picture.pixels)


def test_only_samples_between_others_are_copied() -> None:
    rgb = scene(12, 16)
    planar = as_picture(rgb, PixelFormat.YUV420P)
    copied = [not np.shares_memory(part, planar.pixels) for part in planar.separated(planar.whole)]
    assert copied == [False, False, False]
    nv12 = as_picture(rgb, PixelFormat.NV12)
    copied = [not np.shares_memory(part, nv12.pixels) for part in nv12.separated(nv12.whole)]
    assert copied == [False, True, True]


@pytest.mark.parametrize("pixel_format", PixelFormat)
def test_stored_planes_are_the_pixels_themselves(pixel_format: PixelFormat) -> None:
    picture = as_picture(scene(6, 8), pixel_format)
    stored = picture.stored_planes()
    assert b"".join(plane.tobytes() for plane in stored) == picture.pixels.tobytes()
    for plane in stored:
        assert plane.flags.c_contiguous
        assert np.shares_memory(plane, picture.pixels)


@pytest.mark.parametrize("pixel_format", PixelFormat)
def test_the_shape_is_that_of_a_picture_of_the_size(pixel_format: PixelFormat) -> None:
    picture = as_picture(scene(6, 8), pixel_format)
    assert pixel_format.shape(6, 8) == picture.pixels.shape
    first_plane = picture.stored_planes()[0]
    assert pixel_format.line_bytes(8) == first_plane[0].nbytes
    assert (picture.height, picture.width) == (6, 8)


@pytest.mark.parametrize("pixel_format", PACKED_422)
def test_packed_yuv_may_have_an_odd_height(pixel_format: PixelFormat) -> None:
    picture = as_picture(scene(94, 126), pixel_format)
    odd = Picture(picture.pixels[:93], pixel_format)
    assert (odd.height, odd.width) == (93, 126)
    assert np.array_equal(odd.to_rgb(), picture.to_rgb()[:93])


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
        (np.zeros((4, 4), np.uint8), PixelFormat.YUV420P),
        (np.zeros(24, np.uint8), PixelFormat.NV12),
        (np.zeros((6, 4, 3), np.uint8), PixelFormat.NV12),
        (np.zeros((4, 4, 4), np.uint8), PixelFormat.BGR24),
        (np.zeros((4, 5, 2), np.uint8), PixelFormat.YUYV422),
        (np.zeros((4, 5, 2), np.uint8), PixelFormat.UYVY422),
        (np.zeros((4, 4, 3), np.uint8), PixelFormat.YUYV422),
        (np.zeros((4, 8), np.uint8), PixelFormat.UYVY422),
        (np.zeros((0, 4, 2), np.uint8), PixelFormat.UYVY422),
    ],
)
def test_pixels_that_do_not_fit_the_format_are_refused(
    pixels: np.ndarray, pixel_format: PixelFormat
) -> None:
    with pytest.raises(ValueError, match="pixels"):
        Picture(pixels, pixel_format)
