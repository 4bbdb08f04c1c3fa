from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.sources.stillness import STILL_AFTER_S, STILL_FRAMES, Stillness
from models.picture import Picture, PixelFormat

FRAME_NS = 1_000_000_000 // 60
SHAPES = {
    PixelFormat.NV12: (72, 64),
    PixelFormat.YUV420P: (72, 64),
    PixelFormat.UYVY422: (48, 64, 2),
    PixelFormat.YUYV422: (48, 64, 2),
    PixelFormat.RGB24: (48, 64, 3),
    PixelFormat.BGR24: (48, 64, 3),
}


def noise(pixel_format: PixelFormat = PixelFormat.NV12, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, SHAPES[pixel_format], np.uint8)


def first_still(pictures: list[Picture], step_ns: int = FRAME_NS) -> int | None:
    """Which picture is the first that counts as standing still."""
    stillness = Stillness()
    for number, picture in enumerate(pictures):
        if stillness.observe(picture, number * step_ns):
            return number
    return None


@pytest.mark.parametrize("pixel_format", SHAPES)
def test_equal_pictures_stand_still_after_the_documented_time(pixel_format: PixelFormat) -> None:
    pictures = [Picture(noise(pixel_format), pixel_format) for _ in range(60)]
    number = first_still(pictures)
    assert number == -(-int(STILL_AFTER_S * 1e9) // FRAME_NS)


def test_slow_pictures_need_several(pixel_format: PixelFormat = PixelFormat.NV12) -> None:
    pictures = [Picture(noise(pixel_format), pixel_format) for _ in range(20)]
    assert first_still(pictures, step_ns=500_000_000) == STILL_FRAMES


@pytest.mark.parametrize("row", range(72))
def test_one_byte_that_moves_in_any_row_is_noticed(row: int) -> None:
    pictures = []
    for number in range(60):
        pixels = noise()
        pixels[row, 5] = number
        pictures.append(Picture(pixels, PixelFormat.NV12))
    assert first_still(pictures) is None


@pytest.mark.parametrize("pixel_format", SHAPES)
def test_black_says_nothing(pixel_format: PixelFormat) -> None:
    shape = SHAPES[pixel_format]
    black = np.full(shape, 16, np.uint8)
    if len(shape) == 2:
        black[48:] = 128
    assert first_still([Picture(black.copy(), pixel_format) for _ in range(60)]) is None


def test_a_repeated_frame_or_two_are_not_still() -> None:
    # 25 frames per second on a cable of 60: each comes two or three times.
    pictures = [Picture(noise(seed=number // 3), PixelFormat.NV12) for number in range(120)]
    assert first_still(pictures) is None


def test_another_size_or_format_is_another_picture() -> None:
    stillness = Stillness()
    pixels = noise(PixelFormat.RGB24)
    for number in range(100):
        pixel_format = (PixelFormat.RGB24, PixelFormat.BGR24)[number % 2]
        shown = pixels if number % 4 < 2 else pixels[:40]
        assert not stillness.observe(Picture(shown, pixel_format), number * FRAME_NS)
