"""Finds the endoscope's picture in the frame, and holds it steady over a video.

Endoscope processors put the picture on a black or dark grey screen, with rounded or cut corners and
with text and thumbnails beside it. Where the picture lies decides what may be written to a file;
and what the network sees: it knows corners and thin borders from training, so they stay, but wide
bars would waste its input and are cut off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Area
from models.picture import Picture, rgb_from_yuv

_GRID_ROWS = 160
"""About how many rows of the frame are looked at."""
_LARGEST_BORDER_LEVEL = 64
"""A brighter surround is picture, whatever it shows."""
_LEAST_RING_SHARE = 0.2
"""A border takes at least this share of the frame's outermost pixels."""
_LEVEL_TOLERANCE = 8
"""How far compression carries a border's pixels from its level."""
_LEAST_PART = 0.25
"""Parts smaller than this share of the largest are text, thumbnails and logos."""
_LEAST_PICTURE = 0.2
"""The picture takes at least this share of the frame; a smaller bright spot is not all of it."""
_LEAST_ASPECT = 0.9
"""Width over height of the picture; a narrower find is a picture that is dark on one side."""
_LARGEST_CUT = 0.75
"""Where the picture takes more than this share of the frame, nothing is cut off: the network then
does as well with the border as without."""
_MARGIN = 0.015
"""Kept on each side of what was found, as a share of the frame's height."""
_SETTLING_PICTURES = 30
_INTERVAL_PICTURES = 15
"""After the first pictures, one in this many is looked at."""


@dataclass(frozen=True, slots=True)
class TrackedAreas:
    """What is known of a video's frames by now."""

    picture: Area | None
    """The endoscope's picture, as far as it was ever lit; None before that."""
    network: Area
    """What the network is given: the picture, or the whole frame while that is in doubt or would
    do as well."""


class PictureAreaTracker:
    """Holds the areas over the pictures of one video, given in their order.

    Pictures show the area with parts of it dark, so it grows to hold every finding and never
    shrinks; a change of the frame's size starts it anew. The same pictures in the same order give
    the same areas.
    """

    def __init__(self) -> None:
        self._frame = Area(0, 0, 0, 0)
        self._picture: Area | None = None
        self._network: Area | None = None
        self._pictures = 0

    def update(self, picture: Picture) -> TrackedAreas:
        """The areas to use for ``picture``."""
        frame = picture.whole
        if frame != self._frame:
            self._frame, self._picture, self._network, self._pictures = frame, None, None, 0
        if self._pictures < _SETTLING_PICTURES or self._pictures % _INTERVAL_PICTURES == 0:
            found = find_picture_area(picture)
            if found is not None:
                self._picture = _union(self._picture or found, found)
                if found.width >= _LEAST_ASPECT * found.height:
                    wanted = _worth_cutting(found, frame)
                    self._network = _union(self._network or wanted, wanted)
        self._pictures += 1
        return TrackedAreas(self._picture, self._network or frame)


def find_picture_area(picture: Picture) -> Area | None:
    """The smallest even rectangle, and some margin, that holds the endoscope's picture.

    The whole frame where there is no border; None where too little is lit to tell.
    """
    step = max(2, 2 * round(picture.height / _GRID_ROWS / 2))
    brightness = _brightness(picture, step)
    border_level = _border_level(brightness)
    if border_level is None:
        return picture.whole
    lit = cv2.threshold(
        cv2.absdiff(brightness, np.full_like(brightness, border_level)),
        _LEVEL_TOLERANCE,
        1,
        cv2.THRESH_BINARY,
    )[1]
    box = _parts_box(np.asarray(lit, np.uint8))
    if box is None:
        return None
    area = _even_area(box, step, picture)
    return area if _share(area, picture.whole) >= _LEAST_PICTURE else None


def _worth_cutting(found: Area, frame: Area) -> Area:
    return found if _share(found, frame) <= _LARGEST_CUT else frame


def _share(area: Area, frame: Area) -> float:
    return area.width * area.height / (frame.width * frame.height)


def _union(one: Area, other: Area) -> Area:
    x, y = min(one.x, other.x), min(one.y, other.y)
    right = max(one.x + one.width, other.x + other.width)
    bottom = max(one.y + one.height, other.y + other.height)
    return Area(x, y, right - x, bottom - y)


def _brightness(picture: Picture, step: int) -> NDArray[np.uint8]:
    """Every ``step``-th pixel, the larger of luma and red: tissue in shadow is dark, but red."""
    if not picture.pixel_format.is_yuv:
        sampled = cv2.merge([plane[::step, ::step] for plane in picture.planes()])
        luma, red = cv2.cvtColor(sampled, cv2.COLOR_RGB2GRAY), sampled[..., 0]
    else:
        luma = picture.luma_plane()[::step, ::step].astype(np.float32)
        rows, columns = picture.pixel_format.chroma_step
        red_difference = picture.chroma_planes()[1][:: step // rows, :: step // columns]
        luma_weight, _, red_weight, offset = rgb_from_yuv(picture.matrix, picture.full_range)[0]
        red = luma_weight * luma + red_weight * red_difference + offset
    return np.maximum(luma, red).clip(0, 255).astype(np.uint8)


def _border_level(brightness: NDArray[np.uint8]) -> int | None:
    """The brightness most common around the frame's edge, where it is dark and common enough."""
    between = brightness[2:-2]
    sides = (brightness[:2], brightness[-2:], between[:, :2], between[:, -2:])
    ring = np.concatenate([side.ravel() for side in sides])
    counts = np.bincount(ring, minlength=256)
    near = np.convolve(counts, np.ones(5, np.int64), mode="same")[: _LARGEST_BORDER_LEVEL + 1]
    level = int(near.argmax())
    return level if near[level] >= _LEAST_RING_SHARE * ring.size else None


def _parts_box(lit: NDArray[np.uint8]) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom (exclusive) around the large parts of ``lit``; None if empty."""
    # Opening takes away the strokes of letters, which could link the picture to its neighbours.
    parts = cv2.morphologyEx(lit, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    _, _, statistics, _ = cv2.connectedComponentsWithStats(parts, connectivity=4)
    sizes = np.asarray(statistics)[1:, cv2.CC_STAT_AREA]
    if sizes.size == 0:
        return None
    large = np.asarray(statistics)[1:][sizes >= _LEAST_PART * sizes.max()]
    lefts, tops, widths, heights = large[:, :4].T
    return (
        int(lefts.min()),
        int(tops.min()),
        int((lefts + widths).max()),
        int((tops + heights).max()),
    )


def _even_area(box: tuple[int, int, int, int], step: int, picture: Picture) -> Area:
    """``box`` in pixels, with its margin; even, but for the far sides of an odd frame."""
    margin = 2 * math.ceil(_MARGIN * picture.height / 2)
    left, top = (max(0, side * step - margin) for side in box[:2])
    right = min(picture.width, box[2] * step + margin)
    bottom = min(picture.height, box[3] * step + margin)
    return Area(left, top, right - left, bottom - top)
