"""HarDNets that foretell another network's features from their own."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from models.hardnet import HARDNET_68, HarDNet
from models.hardnet_mseg import HarDNetMSEG

GUESSES = "guesses."
"""How the names of the parameters begin that are of use in training alone."""


class Guesses(nn.ModuleList):
    """A 1x1 convolution from each of an encoder's taps to the teacher's channels there."""

    def __init__(self, own_channels: Sequence[int], teacher_channels: Sequence[int]) -> None:
        super().__init__(
            nn.Conv2d(own, wanted, kernel_size=1)
            for own, wanted in zip(own_channels, teacher_channels, strict=True)
        )

    def forward(self, taps: Sequence[Tensor]) -> list[Tensor]:
        return [guess(tap) for guess, tap in zip(self, taps, strict=True)]


class EncoderPupil(nn.Module):
    """HarDNet-68 alone, which foretells.

    Args:
        teacher_channels: of the teacher's features at strides 8, 16 and 32.
    """

    def __init__(self, teacher_channels: Sequence[int]) -> None:
        super().__init__()
        self.hardnet = HarDNet(HARDNET_68)
        self.guesses = Guesses(self.hardnet.tap_channels, teacher_channels)

    def forward(self, images: Tensor) -> list[Tensor]:
        """``(N, 3, H, W)`` float, normalised RGB, to its guesses of the teacher's features."""
        guessed: list[Tensor] = self.guesses(self.hardnet(images))
        return guessed


class MaskPupil(HarDNetMSEG):
    """HarDNet-MSEG, whose encoder foretells while it is trained.

    Args:
        teacher_channels: of the teacher's features at strides 8, 16 and 32.
    """

    def __init__(self, teacher_channels: Sequence[int]) -> None:
        super().__init__()
        self.guesses = Guesses(self.hardnet.tap_channels, teacher_channels)

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, list[Tensor]]:  # type: ignore[override]
        """As ``HarDNetMSEG``; in training mode with its guesses of the teacher's features."""
        if not self.training:
            return super().forward(x)
        taps = self.hardnet(x)
        return self.decode(taps), self.guesses(taps)
