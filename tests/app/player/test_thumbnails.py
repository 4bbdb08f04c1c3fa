"""Small pictures: like the large ones, and never too many."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.player.thumbnails import MOST, WIDTH, Thumbnails, thumbnail
from models.picture import Picture, PixelFormat
from tests.models.pictures import as_picture


def filled(pixel_format: PixelFormat, height: int, width: int) -> Picture:
    """Left half dark, right half light, of one colour."""
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[:, : width // 2] = (150, 60, 50)
    rgb[:, width // 2 :] = (220, 130, 120)
    return as_picture(rgb, pixel_format)


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("size", [(1080, 1920), (576, 720), (64, 48)])
def test_it_looks_like_the_picture(pixel_format: PixelFormat, size: tuple[int, int]) -> None:
    picture = filled(pixel_format, *size)
    small = thumbnail(picture)
    assert small.dtype == np.uint8
    assert small.shape[2] == 3
    assert small.shape[1] == min(WIDTH, size[1])
    assert abs(small.shape[0] / small.shape[1] - size[0] / size[1]) < 0.02
    large = picture.to_rgb()
    for column in (0.25, 0.75):
        near = small[small.shape[0] // 2, int(small.shape[1] * column)].astype(int)
        far = large[size[0] // 2, int(size[1] * column)].astype(int)
        assert abs(near - far).max() <= 2


def picture_of(level: int) -> NDArray[np.uint8]:
    return np.full((2, 2, 3), level % 256, np.uint8)


def test_when_full_those_that_are_not_needed_go_first() -> None:
    kept = Thumbnails()
    needed = [float(n) for n in range(0, MOST, 2)]
    for n in range(MOST + 1):
        kept.put(float(n), picture_of(n), needed)
    assert all(kept.get(time_s) is not None for time_s in needed)
    assert kept.get(float(MOST)) is not None
    assert kept.get(1.0) is None


def test_there_are_never_more_than_the_most() -> None:
    kept = Thumbnails()
    times = [float(n) for n in range(MOST * 2)]
    for n, time_s in enumerate(times):
        kept.put(time_s, picture_of(n), times)
    assert sum(kept.get(time_s) is not None for time_s in times) == MOST
    assert kept.get(times[-1]) is not None
