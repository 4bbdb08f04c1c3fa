"""Losses of a network that learns from another one."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import (
    batch_norm,
    binary_cross_entropy_with_logits,
    interpolate,
    mse_loss,
)


def distillation_loss(logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """Cross-entropy of each pixel against the teacher's probability; the mean, a scalar.

    Hinton et al. 2015 (arXiv 1503.02531), at a temperature of 1.

    Args:
        logits: ``(N, 1, H, W)``, of any precision.
        teacher_logits: of the same shape.
    """
    wanted = torch.sigmoid(teacher_logits.float())
    return binary_cross_entropy_with_logits(logits.float(), wanted)


def feature_distance(guesses: Sequence[Tensor], features: Sequence[Tensor]) -> Tensor:
    """How much of the features' variance the guesses leave unexplained, mean over the levels.

    Every channel counts alike: features are brought to mean 0 and variance 1 over the batch. 1 is
    what guessing the mean comes to (feature distillation: Romero et al. 2015, arXiv 1412.6550).

    Args:
        guesses: each ``(N, C, H, W)``, of any precision.
        features: as many, each ``(N, C, H', W')``; resized where their size is another.
    """
    levels = []
    for guess, wanted in zip(guesses, features, strict=True):
        resized = interpolate(wanted.float(), size=guess.shape[-2:], mode="bilinear")
        levels.append(mse_loss(guess.float(), batch_norm(resized, None, None, training=True)))
    return torch.stack(levels).mean()
