"""Frames with a rectangle of another frame in them (CutMix: Yun et al. 2019, arXiv 1905.04899)."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator
from torch import Tensor

SMALLEST_AREA = 0.1
LARGEST_AREA = 0.6


def cut_and_mixed(
    images: Tensor, masks: Tensor, share: float, rng: Generator
) -> tuple[Tensor, Tensor]:
    """Copies of both, where about ``share`` of the frames hold a rectangle of the next one.

    The rectangle has 10 to 60 % of the picture and any proportion from 1:2 to 2:1, and comes from
    the place where it goes, with its part of the mask. The next frame of the last is the first.

    Args:
        images: ``(N, 3, S, S)``.
        masks: ``(N, 1, S, S)``.
        share: in [0, 1]; with 0 both come back as they are.
    """
    if share == 0:
        return images, masks
    mixed_images, mixed_masks = images.clone(), masks.clone()
    for index in range(len(images)):
        if rng.random() >= share:
            continue
        rows, columns = _rectangle(images.shape[-1], rng)
        window = (..., rows, columns)
        mixed_images[index][window] = images[(index + 1) % len(images)][window]
        mixed_masks[index][window] = masks[(index + 1) % len(masks)][window]
    return mixed_images, mixed_masks


def _rectangle(side: int, rng: Generator) -> tuple[slice, slice]:
    area = rng.uniform(SMALLEST_AREA, LARGEST_AREA) * side * side
    proportion = np.exp(rng.uniform(-np.log(2), np.log(2)))
    height = min(side, round(np.sqrt(area * proportion)))
    width = min(side, round(np.sqrt(area / proportion)))
    top = int(rng.integers(0, side - height + 1))
    left = int(rng.integers(0, side - width + 1))
    return slice(top, top + height), slice(left, left + width)
