"""What the training commands share: options, errors, exit codes, and a clean end."""

from __future__ import annotations

import argparse
import json
import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType

import cv2
import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers.tensorboard import TensorBoardLogger
from torch import nn

from models.error_sentence import error_sentence
from models.folder_lock import FolderLockedError, locked
from models.hardnet_checkpoint import CheckpointError
from models.interruptions import INTERRUPTIONS, raise_when_interrupted
from models.training.circumstances import note_start
from models.training.lists import DataError
from models.training.mixture import load_ingredients
from models.training.recipe import Recipe, RecipeError, read_recipe, recipe_path
from models.training.run import (
    CONFIGURATION,
    Objective,
    Run,
    StoppedError,
    TrainingError,
    require_shareable,
)
from models.training.validation import load_validation
from models.whole_file import write_whole

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Task:
    """What is trained, and towards what."""

    network: nn.Module
    objective: Objective


MakeTask = Callable[[Recipe, argparse.Namespace, Fabric], Task]


def training_parser(command: str, description: str | None) -> argparse.ArgumentParser:
    """A parser with all options but those of the one ``command``."""
    parser = argparse.ArgumentParser(prog=f"python -m {command}", description=description)
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
    parser.add_argument("--cache", type=Path, help="folder that keeps resized frames between runs")
    parser.add_argument("--accelerator", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument(
        "--devices",
        type=_count,
        default=1,
        help="GPUs, or processes on the CPU, that share each batch",
    )
    parser.add_argument("--threads", type=_count, help="CPU threads of each process")
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")
    return parser


def run_training(
    parser: argparse.ArgumentParser, arguments: Sequence[str] | None, make_task: MakeTask
) -> int:
    """Trains as ``arguments`` say and gives the exit code; an error is one sentence.

    ``make_task`` may raise RecipeError, DataError, CheckpointError and TrainingError.
    """
    options = parser.parse_intermixed_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        raise_when_interrupted()
        recipe = read_recipe(recipe_path(options.recipe), options.overrides)
        _train(recipe, options, make_task)
    except (RecipeError, DataError, CheckpointError, TrainingError, OSError) as error:
        if options.debug:
            raise
        log.error("%s", error_sentence(error))
        return 2 if isinstance(error, RecipeError) else 1
    except StoppedError as stop:
        log.info("%s", stop)
        return 130
    except KeyboardInterrupt:
        return 130
    return 0


def _train(recipe: Recipe, options: argparse.Namespace, make_task: MakeTask) -> None:
    # Before the processes are there, so that this is said once.
    require_shareable(recipe, options.devices)
    options.output.mkdir(parents=True, exist_ok=True)
    fabric = _fabric(recipe, options)
    try:
        # The first process alone: those that it starts share its folder.
        with locked(options.output) if fabric.local_rank == 0 else nullcontext():
            fabric.launch()
            _train_launched(recipe, options, make_task, fabric)
    except FolderLockedError as error:
        raise TrainingError(
            f"Another run is training into {options.output}; wait for its end, or name another "
            "--output."
        ) from error


def _train_launched(
    recipe: Recipe, options: argparse.Namespace, make_task: MakeTask, fabric: Fabric
) -> None:
    # Batches are made on one core; denormal numbers late in training slow the CPU many times over.
    cv2.setNumThreads(1)
    torch.set_flush_denormal(True)
    if options.threads:
        torch.set_num_threads(options.threads)
    fabric.seed_everything(recipe.seed, verbose=False)
    with _interruptions_call(signal.default_int_handler):
        task = make_task(recipe, options, fabric)
        validation = load_validation(recipe, options.data, options.cache)
        ingredients = load_ingredients(recipe, options.data, options.cache)
        run = Run(recipe, task.network, task.objective, fabric, options.output)
    if fabric.is_global_zero:
        write_whole(options.output / CONFIGURATION, json.dumps(asdict(recipe), indent=1).encode())
        note_start(options.output, run.step, options, fabric)
    with _interruptions_call(lambda *_: run.stop()):
        run.train(ingredients, validation)


@contextmanager
def _interruptions_call(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    """Each interruption calls ``handler`` during the block, but for those that nohup ignores."""
    heeded = [n for n in INTERRUPTIONS if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handler) for number in heeded}
    try:
        yield
    finally:
        for number, earlier in before.items():
            signal.signal(number, earlier)


def _fabric(recipe: Recipe, options: argparse.Namespace) -> Fabric:
    """Not yet launched: so far there is one process."""
    try:
        return Fabric(
            accelerator=options.accelerator,
            devices=options.devices,
            strategy="ddp" if options.devices > 1 else "auto",
            precision=recipe.precision,  # type: ignore[arg-type]
            loggers=TensorBoardLogger(options.output, "tensorboard", ""),
        )
    except RuntimeError as error:
        raise TrainingError(
            f"{options.devices} x {options.accelerator} cannot be had here ({error}); "
            "name others with --accelerator and --devices."
        ) from error


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no count; give 1 or more")
    return int(text)
