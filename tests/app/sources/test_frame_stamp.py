"""Numbers in pictures: read back in every format and after lossy coding, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.sources.frame_stamp import LARGEST_NUMBER, LEAST_HEIGHT, LEAST_WIDTH, read_stamp, stamp
from models.picture import Picture, PixelFormat
from tests.models.pictures import as_picture

SIZES = ((1920, 1080), (3840, 2160), (640, 480), (320, 240), (LEAST_WIDTH, LEAST_HEIGHT))
NUMBERS = (0, 1, 255, 256, 0x5A5A5A5A, 123_456_789, LARGEST_NUMBER)


def nv12(width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """Noise around middle grey."""
    rng = np.random.default_rng(seed)
    return rng.integers(90, 166, (height * 3 // 2, width), np.uint8)


def stamped(width: int, height: int, number: int) -> NDArray[np.uint8]:
    pixels = nv12(width, height)
    stamp(pixels[:height], number)
    return pixels


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_number_is_read_back_at_every_size(width: int, height: int) -> None:
    for number in NUMBERS:
        picture = Picture(stamped(width, height, number), PixelFormat.NV12)
        assert read_stamp(picture) == number


@pytest.mark.parametrize("pixel_format", PixelFormat)
def test_it_is_read_in_every_pixel_format(pixel_format: PixelFormat) -> None:
    rgb = Picture(stamped(1280, 720, 77_777), PixelFormat.NV12).to_rgb()
    picture = as_picture(rgb, pixel_format)
    assert read_stamp(picture) == 77_777


def blurred(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.GaussianBlur(luma, (0, 0), 3), np.uint8)


def faded(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return luma // 2 + np.uint8(60)


def coarsely_coded(luma: NDArray[np.uint8]) -> NDArray[np.uint8]:
    _, coded = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, 10])
    return np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)


@pytest.mark.parametrize("spoil", [blurred, faded, coarsely_coded])
def test_it_survives_what_a_cable_or_a_codec_does(
    spoil: Callable[[NDArray[np.uint8]], NDArray[np.uint8]],
) -> None:
    pixels = stamped(1920, 1080, 987_654_321)
    pixels[:1080] = spoil(pixels[:1080])
    assert read_stamp(Picture(pixels, PixelFormat.NV12)) == 987_654_321


def test_nothing_but_a_whole_stamp_is_read() -> None:
    pixels = stamped(1920, 1080, 4711)
    plain = Picture(nv12(1920, 1080), PixelFormat.NV12)
    black = Picture(np.full_like(pixels, 16), PixelFormat.NV12)
    white = Picture(np.full_like(pixels, 235), PixelFormat.NV12)
    assert [read_stamp(picture) for picture in (plain, black, white)] == [None, None, None]
    torn = pixels.copy()
    torn[1000:1080] = stamped(1920, 1080, 4712 << 8)[1000:1080]
    assert read_stamp(Picture(torn, PixelFormat.NV12)) is None


def test_a_picture_too_small_for_a_stamp_has_none() -> None:
    assert read_stamp(Picture(nv12(64, 48), PixelFormat.NV12)) is None


def test_the_rest_of_the_picture_is_as_it_was() -> None:
    before, after = nv12(1920, 1080), stamped(1920, 1080, LARGEST_NUMBER)
    changed_rows, changed_columns = np.nonzero(before != after)
    assert changed_rows.min() > 1080 * 0.8
    assert changed_columns.max() < 1920 * 0.2
