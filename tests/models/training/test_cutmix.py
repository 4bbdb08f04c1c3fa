"""Rectangles of other frames."""

from __future__ import annotations

import numpy as np
import torch

from models.training.cutmix import LARGEST_AREA, SMALLEST_AREA, cut_and_mixed


def numbered(count: int, side: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Frames and masks that are all of their own number."""
    images = torch.arange(count, dtype=torch.uint8).view(-1, 1, 1, 1).expand(-1, 3, side, side)
    return images.contiguous(), images[:, :1].contiguous()


def test_a_rectangle_of_the_next_frame_comes_with_its_mask() -> None:
    images, masks = numbered(4, 64)
    mixed, mixed_masks = cut_and_mixed(images, masks, 1.0, np.random.default_rng(2))
    for index in range(4):
        pasted = mixed_masks[index, 0] == (index + 1) % 4
        assert torch.equal(mixed_masks[index, 0] == index, ~pasted)
        assert torch.equal(mixed[index], mixed_masks[index].expand(3, -1, -1))
        height = int(pasted.any(dim=1).sum())
        width = int(pasted.any(dim=0).sum())
        assert int(pasted.sum()) == height * width
        assert SMALLEST_AREA * 0.9 <= height * width / 64**2 <= LARGEST_AREA * 1.1


def test_a_share_of_the_frames_is_mixed_and_nothing_is_changed_in_place() -> None:
    images, masks = numbered(200, 32)
    mixed, _ = cut_and_mixed(images, masks, 0.3, np.random.default_rng(5))
    changed = (mixed != images).flatten(1).any(dim=1)
    assert 0.2 < float(changed.float().mean()) < 0.4
    assert torch.equal(images, numbered(200, 32)[0])


def test_no_share_leaves_the_frames_alone() -> None:
    images, masks = numbered(3, 32)
    mixed, mixed_masks = cut_and_mixed(images, masks, 0.0, np.random.default_rng(1))
    assert torch.equal(mixed, images)
    assert torch.equal(mixed_masks, masks)
