"""Learning from another network's masks (Hinton et al. 2015, arXiv 1503.02531)."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, interpolate

from models.training.efficientnet_lite import LiteMissingError
from models.training.networks import make_network
from models.training.recipe import RecipeError, recipe_from
from models.training.run import CONFIGURATION, WEIGHTS, TrainingError


class MaskTeacher(nn.Module):
    """The network that a training run left in ``folder``; it stays as it is, in eval mode.

    It looks at frames in the size at which it was trained last.

    Raises:
        TrainingError: the folder holds no finished run, or what it holds is damaged.
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
        try:
            self._network = make_network(recipe.network)
            self._network.load_state_dict({name: value.float() for name, value in state.items()})
        except (LiteMissingError, RuntimeError) as error:
            raise TrainingError(f"The teacher in {folder} cannot be used: {error}") from error
        self._size = recipe.stages[-1].size
        self.requires_grad_(False)
        self.train(False)

    @torch.no_grad()
    def forward(self, images: Tensor) -> Tensor:
        """``(N, 3, H, W)`` float, normalised RGB, to logits ``(N, 1, H, W)``."""
        size = images.shape[-2:]
        seen = interpolate(images, size=self._size, mode="bilinear", antialias=True)
        logits: Tensor = self._network(seen)
        return interpolate(logits, size=size, mode="bilinear", align_corners=False)


def distillation_loss(logits: Tensor, teacher_logits: Tensor) -> Tensor:
    """Cross-entropy of each pixel against the teacher's probability; the mean, a scalar.

    Args:
        logits: ``(N, 1, H, W)``, of any precision.
        teacher_logits: of the same shape.
    """
    wanted = torch.sigmoid(teacher_logits.float())
    return binary_cross_entropy_with_logits(logits.float(), wanted)
