"""HarDNet-68, the encoder (Chao et al. 2019, arXiv 1909.00948).

Read from top to bottom: convolution, harmonic dense block, network, configuration table. Parameter
names are those of the released checkpoints, so that they load without renaming.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn


class ConvUnit(nn.Sequential):
    """Convolution, batch normalisation, ReLU6.

    ``(N, C_in, H, W)`` to ``(N, C_out, H / stride, W / stride)``.
    """

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int = 3, stride: int = 1
    ) -> None:
        super().__init__()
        self.add_module(
            "conv", nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False)
        )
        self.add_module("norm", nn.BatchNorm2d(out_channels))
        self.add_module("relu", nn.ReLU6(inplace=True))


def harmonic_links(layer: int) -> list[int]:
    """Which earlier layers feed ``layer`` (1-based; 0 is the block's input), nearest first.

    Layer ``k`` is linked to ``k - 2**n`` for every ``n`` with ``2**n`` dividing ``k``
    (section 3.1 of the paper).
    """
    links = []
    distance = 1
    while distance <= layer and layer % distance == 0:
        links.append(layer - distance)
        distance *= 2
    return links


def _block_widths(in_channels: int, growth: int, multiplier: float, layers: int) -> list[int]:
    """Output channels of the input (index 0) and of every layer of a block.

    A layer that closes ``n`` links beyond the first is ``growth * multiplier**n`` wide, rounded to
    even as the released network does.
    """
    widths = [in_channels]
    for layer in range(1, layers + 1):
        width = float(growth)
        for _ in harmonic_links(layer)[1:]:
            width *= multiplier
        widths.append(int(int(width + 1) / 2) * 2)
    return widths


class HarmonicDenseBlock(nn.Module):
    """``layers`` 3x3 convolutions, harmonically linked; the odd and the last are the output.

    ``(N, in_channels, H, W)`` to ``(N, out_channels, H, W)``.
    """

    def __init__(self, in_channels: int, growth: int, multiplier: float, layers: int) -> None:
        super().__init__()
        widths = _block_widths(in_channels, growth, multiplier, layers)
        self.links = [harmonic_links(layer) for layer in range(1, layers + 1)]
        self.layers = nn.ModuleList(
            ConvUnit(sum(widths[link] for link in links), widths[layer])
            for layer, links in enumerate(self.links, start=1)
        )
        self.kept = [layer for layer in range(1, layers + 1) if layer % 2 == 1 or layer == layers]
        self.out_channels = sum(widths[layer] for layer in self.kept)

    def forward(self, x: Tensor) -> Tensor:
        outputs = [x]
        for convolution, links in zip(self.layers, self.links, strict=True):
            feeds = [outputs[link] for link in links]
            outputs.append(convolution(feeds[0] if len(feeds) == 1 else torch.cat(feeds, dim=1)))
        return torch.cat([outputs[layer] for layer in self.kept], dim=1)


class HarDNet(nn.Module):
    """The encoder without its classifier.

    ``base`` is flat, as in the released checkpoints; ``taps`` are the indices in it whose
    outputs (strides 8, 16 and 32) the decoder reads.
    """

    def __init__(self, config: HarDNetConfig) -> None:
        super().__init__()
        self.base = nn.ModuleList()
        self.taps: list[int] = []
        self.tap_channels: list[int] = []

        self.base.append(ConvUnit(3, config.stem[0], kernel=3, stride=2))
        self.base.append(ConvUnit(config.stem[0], config.stem[1], kernel=3))
        self.base.append(nn.MaxPool2d(kernel_size=3, stride=2, padding=1))
        channels = config.stem[1]
        for stage in config.stages:
            block = HarmonicDenseBlock(channels, stage.growth, config.multiplier, stage.layers)
            self.base.append(block)
            self.base.append(ConvUnit(block.out_channels, stage.out_channels, kernel=1))
            channels = stage.out_channels
            if stage.tapped:
                self.taps.append(len(self.base) - 1)
                self.tap_channels.append(channels)
            if stage.pooled:
                self.base.append(nn.MaxPool2d(kernel_size=2, stride=2))

    def forward(self, x: Tensor) -> list[Tensor]:
        """``(N, 3, H, W)`` float, normalised RGB, to the taps, each ``(N, C, H / s, W / s)``."""
        tapped = []
        for index, module in enumerate(self.base):
            x = module(x)
            if index in self.taps:
                tapped.append(x)
        return tapped


@dataclass(frozen=True, slots=True)
class StageConfig:
    """One dense block, its 1x1 transition, and what follows it."""

    growth: int
    """Output channels of a layer with one link; ``k`` in the paper."""
    layers: int
    out_channels: int
    """Of the transition."""
    tapped: bool
    """Whether the decoder reads it."""
    pooled: bool
    """Whether its height and width are halved then."""


@dataclass(frozen=True, slots=True)
class HarDNetConfig:
    """All that tells one HarDNet from another."""

    stem: tuple[int, int]
    """Output channels of the two convolutions before the first block."""
    multiplier: float
    """Of a layer's width, for each link beyond its first; ``m`` in the paper."""
    stages: tuple[StageConfig, ...]


HARDNET_68 = HarDNetConfig(
    stem=(32, 64),
    multiplier=1.7,
    stages=(
        StageConfig(growth=14, layers=8, out_channels=128, tapped=False, pooled=True),
        StageConfig(growth=16, layers=16, out_channels=256, tapped=False, pooled=False),
        StageConfig(growth=20, layers=16, out_channels=320, tapped=True, pooled=True),
        StageConfig(growth=40, layers=16, out_channels=640, tapped=True, pooled=True),
        StageConfig(growth=160, layers=4, out_channels=1024, tapped=True, pooled=False),
    ),
)
