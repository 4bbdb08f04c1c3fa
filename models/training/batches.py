"""Pictures as the network takes them."""

from __future__ import annotations

import torch
from torch import Tensor

from models.spec import ModelSpec


def normalised(images: Tensor) -> Tensor:
    """``(N, 3, H, W)`` uint8 RGB to float, by the mean and deviation that travel with the model."""
    spec = ModelSpec()
    mean = torch.tensor(spec.mean, device=images.device).view(1, 3, 1, 1)
    deviation = torch.tensor(spec.deviation, device=images.device).view(1, 3, 1, 1)
    return ((images.float() / 255 - mean) / deviation).contiguous(memory_format=torch.channels_last)
