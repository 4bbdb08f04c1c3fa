"""Frames without a polyp, made from frames with one.

Images are (S, S, 3) uint8 RGB, masks (S, S) uint8 of 0 and 255.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

Image = NDArray[np.uint8]

DARK = 24
"""A pixel whose brightest channel is below this belongs to the border, not to the mucosa."""
LEAST_CROP = 0.16
"""Share of the picture that an empty crop covers at least."""
CROP_TRIES = 40
PATCH_TRIES = 12


def empty_crop(image: Image, mask: Image, rng: Generator) -> Image | None:
    """A rectangle of ``image`` that holds no polyp and little border, stretched to a square again.

    None when ``CROP_TRIES`` rectangles all touched the polyp or were dark.
    """
    side = image.shape[0]
    polyp_sums = cv2.integral(_widened(mask, side // 40))
    dark_sums = cv2.integral((image.max(axis=2) < DARK).astype(np.uint8))
    for _ in range(CROP_TRIES):
        area = rng.uniform(LEAST_CROP, 0.7) * side * side
        aspect = np.exp(rng.uniform(-0.7, 0.7))
        height = min(side, int(np.sqrt(area * aspect)))
        width = min(side, int(np.sqrt(area / aspect)))
        top = int(rng.integers(0, side - height + 1))
        left = int(rng.integers(0, side - width + 1))
        box = (top, left, height, width)
        if _box_sum(polyp_sums, box) == 0 and _box_sum(dark_sums, box) < 0.25 * height * width:
            crop = image[top : top + height, left : left + width]
            return np.asarray(
                cv2.resize(crop, (side, side), interpolation=cv2.INTER_CUBIC), np.uint8
            )
    return None


def painted_out(image: Image, mask: Image, rng: Generator) -> Image | None:
    """``image`` with its polyps replaced by mucosa from elsewhere in it, blended in.

    The patch is moved, perhaps reflected, and joined by Poisson blending (Perez et al. 2003). None
    when the picture holds no stretch of mucosa that fits over the polyp.
    """
    return _patched(image, _widened(mask, image.shape[0] // 26), mask, rng)


def patched_elsewhere(image: Image, mask: Image, shape: Image, rng: Generator) -> Image | None:
    """``image`` with its polyps kept and a patch of its mucosa blended in beside them.

    Without such frames the network could learn that traces of blending mean "no polyp".

    Args:
        shape: mask of another frame; the patch has its outline, at a random place.
    """
    side = image.shape[0]
    polyp = _widened(mask, side // 26)
    shift = rng.integers(-side // 3, side // 3 + 1, 2)
    outline = np.roll(_widened(shape, side // 26), tuple(shift), axis=(0, 1))
    outline[polyp > 0] = 0
    return _patched(image, outline, mask, rng) if outline.any() else None


def _patched(image: Image, hole: Image, polyp: Image, rng: Generator) -> Image | None:
    """Fills ``hole`` with a part of ``image`` that is neither hole, polyp nor border."""
    side = image.shape[0]
    rows, columns = np.flatnonzero(hole.any(axis=1)), np.flatnonzero(hole.any(axis=0))
    if rows.size == 0:
        return None
    # The blending solver needs one pixel of frame around the hole.
    top, bottom = max(1, rows[0]), min(side - 2, rows[-1])
    left, right = max(1, columns[0]), min(side - 2, columns[-1])
    height, width = bottom - top + 1, right - left + 1
    inside = hole[top : bottom + 1, left : right + 1]
    if height < 3 or width < 3 or not inside.any():
        return None
    taken = (hole > 0) | (polyp > 0) | (image.max(axis=2) < DARK)
    flips = [(1, 1), (-1, 1), (1, -1), (-1, -1)]
    for _ in range(PATCH_TRIES):
        from_top = int(rng.integers(0, side - height + 1))
        from_left = int(rng.integers(0, side - width + 1))
        down, across = flips[int(rng.integers(4))]
        window = np.s_[from_top : from_top + height, from_left : from_left + width]
        under = taken[window][::down, ::across]
        if np.count_nonzero(under[inside > 0]) > 0.03 * np.count_nonzero(inside):
            continue
        patch = np.ascontiguousarray(image[window][::down, ::across])
        return _blended(image, patch, inside, (top, left))
    return None


def _blended(image: Image, patch: Image, inside: Image, corner: tuple[int, int]) -> Image:
    height, width = inside.shape
    top, left = corner
    source = image.copy()
    source[top : top + height, left : left + width] = patch
    outline = np.zeros(image.shape[:2], np.uint8)
    outline[top : top + height, left : left + width] = inside
    rows, columns = np.flatnonzero(outline.any(axis=1)), np.flatnonzero(outline.any(axis=0))
    centre = (int(columns[0] + columns[-1] + 1) // 2, int(rows[0] + rows[-1] + 1) // 2)
    return np.asarray(cv2.seamlessClone(source, image, outline, centre, cv2.NORMAL_CLONE), np.uint8)


def _widened(mask: Image, pixels: int) -> Image:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask, kernel), np.uint8)


def _box_sum(sums: NDArray[np.generic], box: tuple[int, int, int, int]) -> int:
    top, left, height, width = box
    bottom, right = top + height, left + width
    corners = (sums[bottom, right], sums[top, right], sums[bottom, left], sums[top, left])
    far, above, beside, near = map(int, corners)
    return far - above - beside + near
