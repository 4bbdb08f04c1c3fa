"""The losses against values worked out by hand."""

from __future__ import annotations

import math

import pytest
import torch

from models.training.losses import empty_loss, segmentation_loss, structure_loss

SIDE = 4
ZERO_LOGIT_CROSS_ENTROPY = math.log(2)


def test_structure_loss_of_an_undecided_map_on_a_full_mask() -> None:
    """Every window of 31x31 holds all 16 pixels: mean 16/961, so every weight is 1 + 5 * 945/961.

    Equal weights w cancel in the cross-entropy. Intersection is w * 16 * 0.5, union w * 16.
    """
    logits, masks = torch.zeros(1, 1, SIDE, SIDE), torch.ones(1, 1, SIDE, SIDE)
    weight = 1 + 5 * 945 / 961
    iou = (weight * 8 + 1) / (weight * 16 + 1)
    expected = ZERO_LOGIT_CROSS_ENTROPY + 1 - iou
    assert structure_loss(logits, masks).item() == pytest.approx(expected, rel=1e-5)


def test_structure_loss_weighs_the_pixels_by_their_surroundings() -> None:
    """One polyp pixel of 16: it weighs 1 + 5 * 960/961, each other 1 + 5/961."""
    logits = torch.zeros(1, 1, SIDE, SIDE)
    masks = torch.zeros(1, 1, SIDE, SIDE)
    masks[0, 0, 1, 2] = 1.0
    logits[0, 0, 1, 2] = 2.0
    polyp, other = 1 + 5 * 960 / 961, 1 + 5 / 961
    probability = 1 / (1 + math.exp(-2.0))
    cross_entropy = (polyp * -math.log(probability) + 15 * other * math.log(2)) / (
        polyp + 15 * other
    )
    intersection = polyp * probability
    union = polyp * (probability + 1) + 15 * other * 0.5 - intersection
    expected = cross_entropy + 1 - (intersection + 1) / (union + 1)
    assert structure_loss(logits, masks).item() == pytest.approx(expected, rel=1e-5)


def test_structure_loss_vanishes_for_a_certain_right_answer() -> None:
    masks = torch.zeros(2, 1, 32, 32)
    masks[:, :, 8:20, 5:25] = 1.0
    assert structure_loss(100 * (2 * masks - 1), masks).max().item() < 1e-4


def test_empty_loss_is_the_mean_plus_that_of_the_worst_hundredth() -> None:
    """200 pixels, so two are the worst hundredth: two of logit 3, the others certainly empty."""
    logits = torch.full((1, 1, 10, 20), -100.0)
    logits[0, 0, 0, :2] = 3.0
    wrong = math.log1p(math.exp(3.0))
    assert empty_loss(logits).item() == pytest.approx(wrong * 2 / 200 + wrong, rel=1e-5)


def test_each_image_gets_the_loss_of_its_kind() -> None:
    torch.manual_seed(0)
    logits, masks = torch.randn(2, 1, 32, 32), torch.zeros(2, 1, 32, 32)
    masks[0, :, 4:9, 4:9] = 1.0
    expected = (structure_loss(logits[:1], masks[:1]) + 0.5 * empty_loss(logits[1:])) / 2
    assert segmentation_loss(logits, masks, 0.5).item() == pytest.approx(expected.item())


def test_a_mark_on_an_empty_frame_is_pushed_down() -> None:
    logits = torch.zeros(1, 1, 32, 32, requires_grad=True)
    loss = segmentation_loss(logits, torch.zeros(1, 1, 32, 32), 1.0)
    (gradient,) = torch.autograd.grad(loss, logits)
    assert bool((gradient > 0).all())
