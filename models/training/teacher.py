"""What a network trained for ImageNet sees in a frame: the teacher of the encoder."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from models.training.efficientnet_lite import LiteEncoder

STRIDES = (8, 16, 32)


class Teacher(nn.Module):
    """EfficientNet-Lite as it comes: it learns nothing, and stays in eval mode.

    Args:
        name: one of ``efficientnet_lite.LITE_NETWORKS``.

    Raises:
        models.training.efficientnet_lite.LiteMissingError: its packages are not installed.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self._encoder = LiteEncoder(name)
        self.requires_grad_(False)
        self.train(False)
        self.channels = self._encoder.channels[-len(STRIDES) :]

    @torch.no_grad()
    def forward(self, images: Tensor) -> list[Tensor]:
        """``(N, 3, H, W)`` float, normalised RGB, to features at ``STRIDES``."""
        features: list[Tensor] = self._encoder(images)[-len(STRIDES) :]
        return features
