"""EfficientNet-Lite with a feature pyramid: a network that ImageNet gave a head start.

It marks polyps too, and HarDNet-MSEG can learn from it (``distillation.py``). It is never shipped.
The pyramid is that of Lin et al. 2017 (arXiv 1612.03144), joined at stride 8.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, cat, nn
from torch.nn.functional import avg_pool2d, interpolate

from models.training.efficientnet_lite import LiteEncoder

WIDTH = 96


def _conv_norm(in_channels: int, kernel: int) -> list[nn.Module]:
    return [
        nn.Conv2d(in_channels, WIDTH, kernel, padding=kernel // 2, bias=False),
        nn.BatchNorm2d(WIDTH),
    ]


def _to_size_of(x: Tensor, like: Tensor) -> Tensor:
    return interpolate(x, size=like.shape[-2:], mode="bilinear", align_corners=False)


class LiteSegmentation(nn.Module):
    """Normalised RGB in, one logit a pixel out, as ``HarDNetMSEG``.

    Args:
        name: one of ``efficientnet_lite.LITE_NETWORKS``.

    Raises:
        models.training.efficientnet_lite.LiteMissingError: its packages are not installed.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        self.encoder = LiteEncoder(name)
        self.lateral = nn.ModuleList(
            nn.Sequential(*_conv_norm(channels, kernel=1)) for channels in self.encoder.channels
        )
        self.smooth = nn.ModuleList(
            nn.Sequential(nn.ReLU(), *_conv_norm(WIDTH, kernel=3), nn.ReLU()) for _ in range(3)
        )
        self.head = nn.Sequential(
            *_conv_norm(3 * WIDTH, kernel=3), nn.ReLU(), nn.Conv2d(WIDTH, 1, kernel_size=1)
        )

    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, H, W)`` float, normalised RGB, to logits ``(N, 1, H, W)``."""
        return self.decode(self.encoder(images))

    def decode(self, features: Sequence[Tensor]) -> Tensor:
        """What the encoder gives at strides 4, 8, 16 and 32 to logits, as ``forward``."""
        lateral = [layer(x) for layer, x in zip(self.lateral, features, strict=True)]
        stride4, stride8, stride16, stride32 = lateral
        level16 = stride16 + _to_size_of(stride32, stride16)
        level8 = stride8 + _to_size_of(level16, stride8) + avg_pool2d(stride4, 2)
        levels = [
            _to_size_of(smooth(level), stride8)
            for smooth, level in zip(self.smooth, (level8, level16, stride32), strict=True)
        ]
        logit = self.head(cat(levels, dim=1))
        return interpolate(logit, scale_factor=8.0, mode="bilinear", align_corners=False)
