"""Teaches the encoder before it learns to segment: ``python -m models.training.pretrain RECIPE``.

HarDNet-68 learns to foretell, from frames without their masks, what a network trained for ImageNet
sees in them (feature distillation: Romero et al. 2015, arXiv 1412.6550). The run's
``weights.safetensors`` is what ``models.training.train --backbone`` takes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import torch
from lightning.fabric import Fabric
from torch import Tensor, nn
from torch.nn.functional import batch_norm, mse_loss

from models.hardnet import HARDNET_68, HarDNet
from models.training.command_line import Task, run_training, training_parser
from models.training.efficientnet_lite import LITE_NETWORKS, LiteMissingError
from models.training.recipe import Recipe, RecipeError
from models.training.run import TrainingError
from models.training.teacher import Teacher


class Pupil(nn.Module):
    """HarDNet-68 with a 1x1 convolution from each of its taps to the teacher's channels.

    Args:
        teacher_channels: of the teacher's features at strides 8, 16 and 32.
    """

    def __init__(self, teacher_channels: Sequence[int]) -> None:
        super().__init__()
        self.hardnet = HarDNet(HARDNET_68)
        self.guesses = nn.ModuleList(
            nn.Conv2d(own, wanted, kernel_size=1)
            for own, wanted in zip(self.hardnet.tap_channels, teacher_channels, strict=True)
        )

    def forward(self, images: Tensor) -> list[Tensor]:
        """``(N, 3, H, W)`` float, normalised RGB, to its guesses of the teacher's features."""
        taps = self.hardnet(images)
        return [guess(tap) for guess, tap in zip(self.guesses, taps, strict=True)]


def distance(guesses: Sequence[Tensor], features: Sequence[Tensor]) -> Tensor:
    """How much of the features' variance the guesses leave unexplained, mean over the levels.

    Every channel counts alike: features are brought to mean 0 and variance 1 over the batch. 1 is
    what guessing the mean comes to.
    """
    levels = [
        mse_loss(guess.float(), batch_norm(wanted.float(), None, None, training=True))
        for guess, wanted in zip(guesses, features, strict=True)
    ]
    return torch.stack(levels).mean()


def main(arguments: Sequence[str] | None = None) -> int:
    parser = training_parser("models.training.pretrain", __doc__)
    parser.add_argument(
        "--teacher", choices=LITE_NETWORKS, default="lite0", help="EfficientNet-Lite"
    )
    return run_training(parser, arguments, _distillation)


def _distillation(recipe: Recipe, options: argparse.Namespace, fabric: Fabric) -> Task:
    if recipe.validation:
        raise RecipeError("A pupil marks nothing, so there is nothing to watch; leave validation.")
    try:
        teacher = Teacher(options.teacher).to(fabric.device)
    except LiteMissingError as error:
        raise TrainingError(str(error)) from error

    def objective(guesses: Sequence[Tensor], images: Tensor, _masks: Tensor) -> Tensor:
        with fabric.autocast():
            features = teacher(images)
        return distance(guesses, features)

    return Task(Pupil(teacher.channels), objective)


if __name__ == "__main__":
    sys.exit(main())
