"""Losses between logits and masks, one value an image."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, binary_cross_entropy_with_logits

WINDOW = 31
EDGE_WEIGHT = 5.0
WORST_SHARE = 0.01


def structure_loss(logits: Tensor, masks: Tensor) -> Tensor:
    """Weighted cross-entropy plus weighted IoU, for frames with a polyp (F3Net).

    A pixel weighs ``1 + 5 |mean of the mask in a 31x31 window - mask|``: edges and thin parts count
    most. Windows at the border count pixels outside the picture as background. The IoU of image
    ``n`` has 1 added to both parts of its fraction. It is the loss of F3Net (Wei et al. 2019, arXiv
    1911.11445) and of PraNet (arXiv 2006.11392).

    Args:
        logits: ``(N, 1, H, W)``.
        masks: ``(N, 1, H, W)`` of 0 and 1.

    Returns:
        ``(N,)``.
    """
    # One axis after the other: the same mean as a square window, at a fraction of the time.
    nearby = avg_pool2d(masks, (WINDOW, 1), stride=1, padding=(WINDOW // 2, 0))
    nearby = avg_pool2d(nearby, (1, WINDOW), stride=1, padding=(0, WINDOW // 2))
    weights = 1 + EDGE_WEIGHT * (nearby - masks).abs()
    pointwise = binary_cross_entropy_with_logits(logits, masks, reduction="none")
    cross_entropy = (weights * pointwise).sum(dim=(1, 2, 3)) / weights.sum(dim=(1, 2, 3))

    probabilities = torch.sigmoid(logits)
    intersection = (weights * probabilities * masks).sum(dim=(1, 2, 3))
    union = (weights * (probabilities + masks)).sum(dim=(1, 2, 3)) - intersection
    return cross_entropy + 1 - (intersection + 1) / (union + 1)


def empty_loss(logits: Tensor) -> Tensor:
    """Cross-entropy of frames without a polyp: the mean of all pixels plus that of the worst 1 %.

    On such a frame the IoU term above is 1 almost whatever is predicted, so it teaches nothing; and
    the plain mean hardly notices a small mark. The worst pixels are the mark.

    Args:
        logits: ``(N, 1, H, W)``.

    Returns:
        ``(N,)``.
    """
    pointwise = binary_cross_entropy_with_logits(
        logits, torch.zeros_like(logits), reduction="none"
    ).flatten(1)
    worst_count = max(1, int(WORST_SHARE * pointwise.shape[1]))
    return pointwise.mean(dim=1) + pointwise.topk(worst_count, dim=1).values.mean(dim=1)


def segmentation_loss(logits: Tensor, masks: Tensor, empty_weight: float) -> Tensor:
    """The mean over images: ``structure_loss``, on empty ones ``empty_weight * empty_loss``.

    Args:
        logits: ``(N, 1, H, W)``, of any precision.
        masks: ``(N, 1, H, W)`` float32 of 0 and 1.
    """
    logits = logits.float()
    empty = masks.flatten(1).amax(dim=1) == 0
    per_image = torch.where(empty, empty_weight * empty_loss(logits), structure_loss(logits, masks))
    return per_image.mean()
