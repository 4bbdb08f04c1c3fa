"""Frames in the colours of other frames (colour exchange: Wei et al. 2021, arXiv 2108.00882)."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

LIT = 10.0
"""CIE L* up to which a pixel is the dark around the picture, without colour to give or take."""
FEWEST_LIT = 0.01
"""Share of a frame that must be lit for its colours to mean something."""
MOST_CONTRAST = 2.0
"""By how much the exchange may stretch a channel; more would make noise of what is nearly even."""


def colours_exchanged(images: Tensor, share: float, rng: Generator) -> Tensor:
    """A copy where about ``share`` of the frames go some way to the colours of another one.

    The mean and the deviation of each channel of CIE L*a*b* are brought to those of a frame drawn
    from the same batch (Reinhard et al. 2001, "Color Transfer between Images"), all the way or a
    part of it that is drawn too. Pixels that are not lit stay as they are.

    Args:
        images: ``(N, 3, S, S)`` uint8 RGB.
        share: in [0, 1]; with 0 the frames come back as they are.
    """
    if share == 0:
        return images
    exchanged = images.clone()
    for index in range(len(images)):
        if rng.random() >= share:
            continue
        other, way = int(rng.integers(len(images))), rng.uniform()
        exchanged[index] = _recoloured(images[index], images[other], way)
    return exchanged


def _recoloured(image: Tensor, other: Tensor, way: float) -> Tensor:
    own, wanted = _lab(image), _lab(other)
    lit, other_lit = own[:, :, 0] > LIT, wanted[:, :, 0] > LIT
    if min(lit.mean(), other_lit.mean()) < FEWEST_LIT:
        return image
    mean, deviation = _statistics(own[lit])
    other_mean, other_deviation = _statistics(wanted[other_lit])
    stretch = np.clip(other_deviation / deviation, 1 / MOST_CONTRAST, MOST_CONTRAST)
    stretch = 1 + way * (stretch - 1)
    own[lit] = (own[lit] - mean) * stretch + mean + way * (other_mean - mean)
    rgb = cv2.cvtColor(own, cv2.COLOR_LAB2RGB)
    levels = np.clip(np.rint(rgb * 255.0), 0.0, 255.0).astype(np.uint8)
    recoloured = torch.from_numpy(np.ascontiguousarray(levels.transpose(2, 0, 1)))
    return torch.where(torch.from_numpy(lit), recoloured, image)


def _lab(image: Tensor) -> NDArray[np.float32]:
    """(S, S, 3); L* in [0, 100]."""
    rgb = np.ascontiguousarray(image.numpy().transpose(1, 2, 0), np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32)


def _statistics(pixels: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and deviation of each channel of (P, 3)."""
    return pixels.mean(axis=0), pixels.std(axis=0) + np.float32(1e-3)
