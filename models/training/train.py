"""Trains a network by a recipe: ``python -m models.training.train RECIPE [NAME=VALUE ...]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

from lightning.fabric import Fabric
from torch import Tensor, nn

from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.training.backbone import load_backbone
from models.training.command_line import Task, run_training, training_parser
from models.training.distillation import distillation_loss, feature_distance
from models.training.efficientnet_lite import LiteMissingError
from models.training.lite_segmentation import LiteSegmentation
from models.training.losses import segmentation_loss
from models.training.mask_teacher import MaskTeacher
from models.training.pupil import MaskPupil
from models.training.recipe import HARDNET_MSEG, Recipe, RecipeError
from models.training.run import TrainingError


def main(arguments: Sequence[str] | None = None) -> int:
    parser = training_parser("models.training.train", __doc__)
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--start", type=Path, help="weights of the whole network to begin with")
    begin.add_argument(
        "--backbone",
        type=Path,
        help="weights of HarDNet-68 alone, as released for ImageNet or left by pretraining",
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="RUN",
        help="folder of a teacher's run, whose masks and features are learnt from too",
    )
    return run_training(parser, arguments, _segmentation)


def _segmentation(recipe: Recipe, options: argparse.Namespace, fabric: Fabric) -> Task:
    network = _network(recipe, options)
    if options.teacher is not None:
        return _taught(network, recipe, options.teacher, fabric)

    def objective(logits: Tensor, _images: Tensor, masks: Tensor) -> Tensor:
        return segmentation_loss(logits, masks, recipe.empty_weight)

    return Task(network, objective)


def _taught(network: nn.Module, recipe: Recipe, teacher_run: Path, fabric: Fabric) -> Task:
    teacher = MaskTeacher(teacher_run).to(fabric.device)
    pupil = MaskPupil(teacher.channels)
    pupil.load_state_dict({**pupil.state_dict(), **network.state_dict()})

    def objective(
        outputs: tuple[Tensor, Sequence[Tensor]], images: Tensor, masks: Tensor
    ) -> Tensor:
        logits, guesses = outputs
        with fabric.autocast():
            teacher_logits, features = teacher(images)
        return (
            segmentation_loss(logits, masks, recipe.empty_weight)
            + recipe.teacher_weight * distillation_loss(logits, teacher_logits)
            + recipe.feature_weight * feature_distance(guesses, features)
        )

    return Task(pupil, objective)


def _network(recipe: Recipe, options: argparse.Namespace) -> nn.Module:
    if recipe.network != HARDNET_MSEG:
        if any((options.start, options.backbone, options.teacher)):
            raise RecipeError(
                f"--start, --backbone and --teacher are for {HARDNET_MSEG}; leave them out, since "
                f"{recipe.network} begins with what its package holds."
            )
        try:
            return LiteSegmentation(recipe.network)
        except LiteMissingError as error:
            raise TrainingError(str(error)) from error
    network = HarDNetMSEG() if options.start is None else load_checkpoint(options.start)
    if options.backbone is not None:
        load_backbone(network, options.backbone)
    return network


if __name__ == "__main__":
    sys.exit(main())
