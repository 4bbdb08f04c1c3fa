"""Trains HarDNet-MSEG by a recipe: ``python -m models.training.train RECIPE [NAME=VALUE ...]``."""

from __future__ import annotations

import argparse
import json
import logging
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers.tensorboard import TensorBoardLogger

from models.hardnet_checkpoint import CheckpointError
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.training.backbone import load_backbone
from models.training.lists import DataError
from models.training.mixture import load_ingredients
from models.training.recipe import Recipe, RecipeError, read_recipe, recipe_path
from models.training.run import Run, StoppedError, TrainingError
from models.training.validation import load_validation

log = logging.getLogger(__name__)

CONFIGURATION = "recipe.json"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_intermixed_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        recipe = read_recipe(recipe_path(options.recipe), options.overrides)
        _train(recipe, options)
    except (RecipeError, DataError, CheckpointError, TrainingError, OSError) as error:
        if options.debug:
            raise
        log.error("%s", error)
        return 2 if isinstance(error, RecipeError) else 1
    except (StoppedError, KeyboardInterrupt) as stop:
        log.info("%s", stop)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m models.training.train", description=__doc__)
    parser.add_argument("recipe", help="a recipe's name, such as shipping, or a TOML file")
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="NAME=VALUE",
        help="replaces a line of the recipe, such as seed=3 or stages.0.steps=50",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with splits/ and the sets")
    parser.add_argument(
        "--output",
        type=Path,
        required=True,
        help="folder of the run; one with a checkpoint goes on",
    )
    begin = parser.add_mutually_exclusive_group()
    begin.add_argument("--start", type=Path, help="weights of the whole network to begin with")
    begin.add_argument(
        "--backbone", type=Path, help="weights of HarDNet-68 alone, as released for ImageNet"
    )
    parser.add_argument("--cache", type=Path, help="folder that keeps resized frames between runs")
    parser.add_argument("--accelerator", default="auto", help="cpu, cuda or auto")
    parser.add_argument(
        "--devices",
        type=int,
        default=1,
        help="GPUs, or processes on the CPU, that share each batch",
    )
    parser.add_argument("--threads", type=int, help="CPU threads of each process")
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")
    return parser


def _train(recipe: Recipe, options: argparse.Namespace) -> None:
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / CONFIGURATION).write_text(json.dumps(asdict(recipe), indent=1), "utf-8")
    # Batches are made on one core; denormal numbers late in training slow the CPU many times over.
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    if options.threads:
        torch.set_num_threads(options.threads)
    fabric = Fabric(
        accelerator=options.accelerator,
        devices=options.devices,
        strategy="ddp" if options.devices > 1 else "auto",
        precision=recipe.precision,  # type: ignore[arg-type]
        loggers=TensorBoardLogger(options.output, "tensorboard", ""),
    )
    fabric.launch()
    fabric.seed_everything(recipe.seed, verbose=False)
    network = HarDNetMSEG() if options.start is None else load_checkpoint(options.start)
    if options.backbone is not None:
        load_backbone(network, options.backbone)
    validation = load_validation(recipe, options.data, options.cache)
    ingredients = load_ingredients(recipe, options.data, options.cache)
    run = Run(recipe, network, fabric, options.output)
    handlers = {number: signal.signal(number, lambda *_: run.stop()) for number in STOP_SIGNALS}
    try:
        run.train(ingredients, validation)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


if __name__ == "__main__":
    sys.exit(main())
