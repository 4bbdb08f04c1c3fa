"""Trains a network by a recipe: ``python -m models.training.train RECIPE [NAME=VALUE ...]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lightning.fabric import Fabric
from torch import Tensor, nn

from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.training.backbone import load_backbone
from models.training.command_line import Task, run_training, training_parser
from models.training.distillation import MaskTeacher, distillation_loss
from models.training.efficientnet_lite import LiteMissingError
from models.training.losses import segmentation_loss
from models.training.networks import make_network
from models.training.recipe import HARDNET_MSEG, Recipe, RecipeError
from models.training.run import Objective, TrainingError


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
        help="folder of a run whose masks are learnt from too",
    )
    return run_training(parser, arguments, _segmentation)


def _segmentation(recipe: Recipe, options: argparse.Namespace, fabric: Fabric) -> Task:
    return Task(_network(recipe, options), _objective(recipe, options.teacher, fabric))


def _network(recipe: Recipe, options: argparse.Namespace) -> nn.Module:
    if recipe.network != HARDNET_MSEG:
        if options.start is not None or options.backbone is not None:
            raise RecipeError(
                f"--start and --backbone are for {HARDNET_MSEG}; {recipe.network} begins with what "
                "its package holds."
            )
        try:
            return make_network(recipe.network)
        except LiteMissingError as error:
            raise TrainingError(str(error)) from error
    network = HarDNetMSEG() if options.start is None else load_checkpoint(options.start)
    if options.backbone is not None:
        load_backbone(network, options.backbone)
    return network


def _objective(recipe: Recipe, teacher_folder: Path | None, fabric: Fabric) -> Objective:
    def towards_masks(logits: Tensor, _images: Tensor, masks: Tensor) -> Tensor:
        return segmentation_loss(logits, masks, recipe.empty_weight)

    if teacher_folder is None:
        return towards_masks
    teacher = MaskTeacher(teacher_folder).to(fabric.device)

    def towards_teacher_too(logits: Tensor, images: Tensor, masks: Tensor) -> Tensor:
        with fabric.autocast():
            teacher_logits = teacher(images)
        taught = recipe.teacher_weight * distillation_loss(logits, teacher_logits)
        return towards_masks(logits, images, masks) + taught

    return towards_teacher_too


if __name__ == "__main__":
    sys.exit(main())
