"""A network that marks polyps and was trained by this code: the teacher of the whole network."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import interpolate

from models.training.efficientnet_lite import LITE_NETWORKS, LiteMissingError
from models.training.lite_segmentation import LiteSegmentation
from models.training.recipe import RecipeError, recipe_from
from models.training.run import CONFIGURATION, WEIGHTS, TrainingError
from models.training.teacher import STRIDES


class MaskTeacher(nn.Module):
    """The network that a training run left in ``folder``; it stays as it is, in eval mode.

    It looks at frames in the size at which it was trained last.

    Raises:
        TrainingError: the folder holds no run of a teacher, or what it holds is damaged.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        configuration, weights = folder / CONFIGURATION, folder / WEIGHTS
        try:
            entries = json.loads(configuration.read_text("utf-8"))
            recipe = recipe_from(entries, str(configuration))
            state = load_file(weights)
        except (OSError, ValueError, RecipeError, SafetensorError) as error:
            raise TrainingError(
                f"{folder} is not the folder of a training run ({error}); name one that holds "
                f"{CONFIGURATION} and {WEIGHTS}."
            ) from error
        if recipe.network not in LITE_NETWORKS:
            raise TrainingError(
                f"{folder} holds a {recipe.network}, but a teacher is one of "
                f"{', '.join(LITE_NETWORKS)}; train one first."
            )
        try:
            self._network = LiteSegmentation(recipe.network)
            self._network.load_state_dict({name: value.float() for name, value in state.items()})
        except (LiteMissingError, RuntimeError) as error:
            raise TrainingError(f"The teacher in {folder} cannot be used: {error}") from error
        self._size = recipe.stages[-1].size
        self.channels = self._network.encoder.channels[-len(STRIDES) :]
        self.requires_grad_(False)
        self.train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> tuple[Tensor, list[Tensor]]:
        """``(N, 3, H, W)`` float, normalised RGB, to logits and features.

        Logits are ``(N, 1, H, W)``, features ``(N, C, S / stride, S / stride)`` at strides 8, 16
        and 32 of the size S at which the teacher looks.
        """
        seen = interpolate(images, size=self._size, mode="bilinear", antialias=True)
        features = self._network.encoder(seen)
        logits = self._network.decode(features)
        resized = interpolate(logits, size=images.shape[-2:], mode="bilinear", align_corners=False)
        return resized, features[-len(STRIDES) :]
