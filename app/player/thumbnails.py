"""Small pictures of the frames at which polyps were seen best."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from models.picture import Picture, PixelFormat

WIDTH = 160
MOST = 256
"""Thumbnails kept: 11 MB for pictures of 16:9."""


def thumbnail(picture: Picture) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB of the picture's proportions, ``WIDTH`` wide if it was wider."""
    scale = min(1.0, WIDTH / picture.width)
    width = max(2, round(picture.width * scale / 2) * 2)
    height = max(2, round(picture.height * scale / 2) * 2)
    if not picture.pixel_format.is_yuv:
        return replace(picture, pixels=_shrunk(picture.pixels, width, height)).to_rgb()
    luma, *chroma = picture.separated(picture.whole)
    shrunk = [
        _shrunk(luma, width, height),
        *(_shrunk(plane, width // 2, height // 2) for plane in chroma),
    ]
    packed = np.concatenate([plane.reshape(-1) for plane in shrunk])
    small = replace(
        picture,
        pixels=packed.reshape(height * 3 // 2, width),
        pixel_format=PixelFormat.YUV420P,
    )
    return small.to_rgb()


def _shrunk(plane: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    small = cv2.resize(plane, (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8)


class Thumbnails:
    """At most ``MOST``, by the time of their frame. Not thread-safe: its owner locks."""

    def __init__(self) -> None:
        self._by_time: dict[float, NDArray[np.uint8]] = {}

    def get(self, pts_s: float) -> NDArray[np.uint8] | None:
        return self._by_time.get(pts_s)

    def put(self, pts_s: float, picture: NDArray[np.uint8], needed_s: Collection[float]) -> None:
        """Keeps ``picture``; when full, first lets go of those that are not ``needed_s``."""
        self._by_time[pts_s] = picture
        if len(self._by_time) > MOST:
            needed = {pts_s, *needed_s}
            self._by_time = {key: kept for key, kept in self._by_time.items() if key in needed}
        while len(self._by_time) > MOST:
            del self._by_time[next(iter(self._by_time))]
