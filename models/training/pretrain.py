"""Teaches the encoder before it learns to segment: ``python -m models.training.pretrain RECIPE``.

HarDNet-68 learns to foretell, from frames without their masks, what a network trained for ImageNet
sees in them (feature distillation: Romero et al. 2015, arXiv 1412.6550). The run's
``weights.safetensors`` is what ``models.training.train --backbone`` takes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

from lightning.fabric import Fabric
from torch import Tensor

from models.training.command_line import Task, run_training, training_parser
from models.training.distillation import feature_distance
from models.training.efficientnet_lite import LITE_NETWORKS, LiteMissingError
from models.training.pupil import EncoderPupil
from models.training.recipe import Recipe, RecipeError
from models.training.run import TrainingError
from models.training.teacher import Teacher


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
        return feature_distance(guesses, features)

    return Task(EncoderPupil(teacher.channels), objective)


if __name__ == "__main__":
    sys.exit(main())
