"""Trains HarDNet-MSEG by a recipe: ``python -m models.training.train RECIPE [NAME=VALUE ...]``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lightning.fabric import Fabric
from torch import Tensor

from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.training.backbone import load_backbone
from models.training.command_line import Task, run_training, training_parser
from models.training.losses import segmentation_loss
from models.training.recipe import Recipe


def main(arguments: Sequence[str] | None = None) -> int:
    parser = training_parser("models.training.train", __doc__)
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--start", type=Path, help="weights of the whole network to begin with")
    begin.add_argument(
        "--backbone",
        type=Path,
        help="weights of HarDNet-68 alone, as released for ImageNet or left by pretraining",
    )
    return run_training(parser, arguments, _segmentation)


def _segmentation(recipe: Recipe, options: argparse.Namespace, _fabric: Fabric) -> Task:
    network = HarDNetMSEG() if options.start is None else load_checkpoint(options.start)
    if options.backbone is not None:
        load_backbone(network, options.backbone)

    def objective(logits: Tensor, _images: Tensor, masks: Tensor) -> Tensor:
        return segmentation_loss(logits, masks, recipe.empty_weight)

    return Task(network, objective)


if __name__ == "__main__":
    sys.exit(main())
