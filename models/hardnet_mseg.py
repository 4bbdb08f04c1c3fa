"""HarDNet-MSEG (Huang et al. 2021, arXiv 2101.07172).

HarDNet-68 encodes, three receptive field blocks narrow the skip connections, dense aggregation
joins them. The receptive field block is Liu et al. 2018 (arXiv 1711.07767) in the form that the
cascaded partial decoder gave it (Wu et al. 2019, arXiv 1904.08739), from which the dense
aggregation comes too. Parameter names are those of the released checkpoints.
"""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from models.hardnet import HARDNET_68, HarDNet
from models.hardnet_checkpoint import read_state
from models.spec import STRIDE

DECODER_CHANNELS = 32


class ConvNorm(nn.Module):
    """Convolution and batch normalisation, with no activation of its own.

    ``(N, C_in, H, W)`` to ``(N, C_out, H, W)``.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: tuple[int, int] = (1, 1),
        dilation: int = 1,
    ) -> None:
        super().__init__()
        padding = (dilation * (kernel[0] // 2), dilation * (kernel[1] // 2))
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel, padding=padding, dilation=dilation, bias=False
        )
        self.bn = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        normalised: Tensor = self.bn(self.conv(x))
        return normalised


def _field_branch(in_channels: int, out_channels: int, field: int) -> nn.Sequential:
    """A ``1 x field``, a ``field x 1``, then a 3x3 convolution dilated by ``field``."""
    return nn.Sequential(
        ConvNorm(in_channels, out_channels),
        ConvNorm(out_channels, out_channels, (1, field)),
        ConvNorm(out_channels, out_channels, (field, 1)),
        ConvNorm(out_channels, out_channels, (3, 3), dilation=field),
    )


class ReceptiveFieldBlock(nn.Module):
    """Four branches with growing receptive fields. ``(N, C_in, H, W)`` to ``(N, C_out, H, W)``."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.branch0 = nn.Sequential(ConvNorm(in_channels, out_channels))
        self.branch1 = _field_branch(in_channels, out_channels, field=3)
        self.branch2 = _field_branch(in_channels, out_channels, field=5)
        self.branch3 = _field_branch(in_channels, out_channels, field=7)
        self.conv_cat = ConvNorm(4 * out_channels, out_channels, (3, 3))
        self.conv_res = ConvNorm(in_channels, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        branches = (self.branch0(x), self.branch1(x), self.branch2(x), self.branch3(x))
        return relu(self.conv_cat(torch.cat(branches, dim=1)) + self.conv_res(x))


def _twice(x: Tensor) -> Tensor:
    return interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=True)


class DenseAggregation(nn.Module):
    """Multiplies every finer level by the coarser ones, then joins them.

    Each level ``(N, channels, H / stride, W / stride)``; to one logit, ``(N, 1, H / 8, W / 8)``.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        kernel = (3, 3)
        self.conv_upsample1 = ConvNorm(channels, channels, kernel)
        self.conv_upsample2 = ConvNorm(channels, channels, kernel)
        self.conv_upsample3 = ConvNorm(channels, channels, kernel)
        self.conv_upsample4 = ConvNorm(channels, channels, kernel)
        self.conv_upsample5 = ConvNorm(2 * channels, 2 * channels, kernel)
        self.conv_concat2 = ConvNorm(2 * channels, 2 * channels, kernel)
        self.conv_concat3 = ConvNorm(3 * channels, 3 * channels, kernel)
        self.conv4 = ConvNorm(3 * channels, 3 * channels, kernel)
        self.conv5 = nn.Conv2d(3 * channels, 1, kernel_size=1)

    def forward(self, stride32: Tensor, stride16: Tensor, stride8: Tensor) -> Tensor:
        up32 = _twice(stride32)
        product16 = self.conv_upsample1(up32) * stride16
        product8 = (
            self.conv_upsample2(_twice(up32)) * self.conv_upsample3(_twice(stride16)) * stride8
        )
        joined16 = self.conv_concat2(torch.cat((product16, self.conv_upsample4(up32)), dim=1))
        joined8 = self.conv_concat3(
            torch.cat((product8, self.conv_upsample5(_twice(joined16))), dim=1)
        )
        logit: Tensor = self.conv5(self.conv4(joined8))
        return logit


class HarDNetMSEG(nn.Module):
    """The whole network: normalised RGB in, one logit a pixel out."""

    def __init__(self) -> None:
        super().__init__()
        self.hardnet = HarDNet(HARDNET_68)
        channels8, channels16, channels32 = self.hardnet.tap_channels
        self.rfb2_1 = ReceptiveFieldBlock(channels8, DECODER_CHANNELS)
        self.rfb3_1 = ReceptiveFieldBlock(channels16, DECODER_CHANNELS)
        self.rfb4_1 = ReceptiveFieldBlock(channels32, DECODER_CHANNELS)
        self.agg1 = DenseAggregation(DECODER_CHANNELS)

    def forward(self, x: Tensor) -> Tensor:
        """``(N, 3, H, W)`` float, normalised RGB, to logits ``(N, 1, H, W)``.

        Raises:
            ValueError: height or width is not a multiple of 32; the sentence names one that is.
        """
        height, width = x.shape[-2:]
        if height % STRIDE or width % STRIDE:
            fitting = tuple(-(-side // STRIDE) * STRIDE for side in (height, width))
            raise ValueError(
                f"input is {height}x{width}, but height and width must be multiples of {STRIDE}; "
                f"resize or pad it to {fitting[0]}x{fitting[1]}"
            )
        return self.decode(self.hardnet(x))

    def decode(self, taps: Sequence[Tensor]) -> Tensor:
        """What the encoder gives at strides 8, 16 and 32 to logits, as ``forward``."""
        stride8, stride16, stride32 = taps
        logit = self.agg1(self.rfb4_1(stride32), self.rfb3_1(stride16), self.rfb2_1(stride8))
        return interpolate(logit, scale_factor=8.0, mode="bilinear", align_corners=False)


def load_checkpoint(path: str | PathLike[str]) -> HarDNetMSEG:
    """The network with the weights of ``path``, in eval mode, on the CPU, in float32.

    Args:
        path: a released ``.pth``, a ``.safetensors`` file, or a deployable ``.onnx``.

    Raises:
        models.hardnet_checkpoint.CheckpointError: the file is missing, damaged, or holds another
            network; the sentence names the entry.
    """
    network = HarDNetMSEG()
    network.load_state_dict(read_state(path, network.state_dict()))
    return network.eval()
