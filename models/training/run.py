"""One training run: its network, optimiser, average, and place in the recipe."""

from __future__ import annotations

import json
import logging
import math
import pickle
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.fabric import Fabric
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from models.hardnet_checkpoint import COUNTER_SUFFIX
from models.spec import STRIDE
from models.training.batches import normalised
from models.training.colour_exchange import colours_exchanged
from models.training.cutmix import cut_and_mixed
from models.training.mixture import Draws, Ingredient, Mixture
from models.training.optimisation import learning_rate, make_optimiser
from models.training.progress import Progress
from models.training.pupil import GUESSES
from models.training.recipe import Recipe, StageRecipe
from models.training.validation import Validation
from models.whole_file import put_in_place

log = logging.getLogger(__name__)

CHECKPOINT = "last.ckpt"
WEIGHTS = "weights.safetensors"
METRICS = "metrics.json"
CONFIGURATION = "recipe.json"

Objective = Callable[[Any, Tensor, Tensor], Tensor]
"""The loss, a scalar, of a network's outputs, the frames in their own colours, and their masks.

Images are (N, 3, H, W) float, normalised RGB; masks (N, 1, H, W) float of 0 and 1.
"""


class TrainingError(Exception):
    """The run cannot go on; the message says what was kept and how to go on."""


class StoppedError(Exception):
    """The run was asked to stop, and did so after a whole step."""


class Run:
    """Trains ``network`` by ``recipe`` towards ``objective`` and keeps everything in ``folder``.

    The folder holds ``last.ckpt`` (all that going on needs), ``weights.safetensors`` (half
    precision, the average where one is kept), ``metrics.json`` (every ``validate_every`` steps: the
    mean loss since the last such step, and what was watched) and TensorBoard's files. A run whose
    folder holds a checkpoint goes on where that was written, to the same weights as if it had never
    stopped.
    """

    def __init__(
        self,
        recipe: Recipe,
        network: nn.Module,
        objective: Objective,
        fabric: Fabric,
        folder: Path,
    ) -> None:
        self._recipe = recipe
        self._objective = objective
        self._fabric = fabric
        self._folder = folder
        self._bare = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        optimiser = make_optimiser(recipe, network)
        self._network, self._optimiser = fabric.setup(self._bare, optimiser)
        self._average: AveragedModel | None = None
        if recipe.average:
            average = get_ema_multi_avg_fn(recipe.average)  # type: ignore[no-untyped-call]
            self._average = AveragedModel(self._bare, multi_avg_fn=average, use_buffers=True)
        self._step = 0
        self._losses: list[float] = []
        """Since the last record in ``_measured``."""
        self._measured: list[dict[str, float]] = []
        self._stop_asked = False
        if (folder / CHECKPOINT).is_file():
            self._resume()

    @property
    def step(self) -> int:
        """How many steps were taken, those of earlier starts included."""
        return self._step

    def stop(self) -> None:
        """Asks ``train`` to end after its present step; callable from a signal handler."""
        self._stop_asked = True

    def train(self, ingredients: list[Ingredient], validation: Validation | None) -> None:
        """Takes all steps that are left.

        Raises:
            StoppedError: ``stop`` was called; all steps so far are kept.
            TrainingError: the loss is not a number, the device's memory or the disk is full.
        """
        shown = self._fabric.is_global_zero
        try:
            with Progress(self._recipe.stages, self._step, shown=shown) as progress:
                for stage, stage_start, first_draw in self._stages_left():
                    for images, masks in self._batches(ingredients, stage, stage_start, first_draw):
                        rate = learning_rate(stage, self._step - stage_start)
                        loss = self._learn(images, masks, rate)
                        self._step += 1
                        self._losses.append(loss)
                        self._fabric.log_dict({"loss": loss, "learning_rate": rate}, self._step)
                        progress.advance(stage, loss)
                        last_of_stage = self._step == stage_start + stage.steps
                        if self._step % self._recipe.validate_every == 0 or last_of_stage:
                            self._measure(validation, stage.size)
                        if self._step % self._recipe.save_every == 0:
                            self._save()
                        if self._anyone_stops():
                            raise StoppedError(
                                f"Stopped after step {self._step}; start again to go on."
                            )
        finally:
            self._save()

    def _stages_left(self) -> Iterator[tuple[StageRecipe, int, int]]:
        """Each stage that is not over, with the numbers of its first step and first draw."""
        start = draws = 0
        for stage in self._recipe.stages:
            if self._step < start + stage.steps:
                yield stage, start, draws
            start += stage.steps
            draws += stage.steps * stage.batch

    def _batches(
        self, ingredients: list[Ingredient], stage: StageRecipe, stage_start: int, first_draw: int
    ) -> Iterator[tuple[Tensor, Tensor]]:
        world, rank = self._fabric.world_size, self._fabric.global_rank
        done = self._step - stage_start
        next_draw = first_draw + done * stage.batch
        last_draw = first_draw + stage.steps * stage.batch
        loader = DataLoader(
            Mixture(self._recipe, ingredients, stage.size),
            batch_size=stage.batch // world,
            sampler=Draws(next_draw + rank, last_draw, every=world),
            num_workers=self._recipe.workers,
            drop_last=True,
        )
        return iter(loader)

    def _learn(self, images: Tensor, masks: Tensor, rate: float) -> float:
        """One step for each of the recipe's scales; gives the last one's loss."""
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._network.train()
        rng = np.random.default_rng((self._recipe.seed, 3, self._step, self._fabric.global_rank))
        images, masks = cut_and_mixed(images, masks, self._recipe.cutmix, rng)
        exchanged = colours_exchanged(images, self._recipe.colour_exchange, rng)
        inputs = normalised(exchanged.to(self._fabric.device))
        own_colours = inputs if exchanged is images else normalised(images.to(self._fabric.device))
        targets = (masks.to(self._fabric.device) > 127).float()
        loss = math.nan
        for scale in self._recipe.scales:
            loss = self._descend(
                _scaled(inputs, scale),
                _scaled(own_colours, scale),
                _scaled(targets, scale, "nearest"),
            )
        if self._average is not None:
            self._average.update_parameters(self._bare)
        return loss

    def _descend(self, inputs: Tensor, own_colours: Tensor, targets: Tensor) -> float:
        statistics = [buffer.clone() for buffer in self._bare.buffers()]
        self._optimiser.zero_grad(set_to_none=True)
        try:
            loss = self._objective(self._network(inputs), own_colours, targets)
            # Averaged over all processes, so that all of them stop when it is not finite.
            mean_loss = self._mean_over_processes(loss.detach())
            _require_finite(mean_loss, "loss")
            self._fabric.backward(loss)
            norm = self._fabric.clip_gradients(
                self._network,
                self._optimiser,
                max_norm=self._recipe.clip or math.inf,
                error_if_nonfinite=False,
            )
            _require_finite(float(norm), "gradient")  # type: ignore[arg-type]
        except (ArithmeticError, torch.OutOfMemoryError) as error:
            # The forward pass has already moved the running statistics of batch normalisation.
            for buffer, before in zip(self._bare.buffers(), statistics, strict=True):
                buffer.copy_(before)
            is_full = isinstance(error, torch.OutOfMemoryError)
            repair = "Take a smaller batch" if is_full else "Lower the learning rate"
            raise TrainingError(
                f"Step {self._step} failed ({error}); all steps before it are in "
                f"{self._folder / CHECKPOINT}. {repair} and start again to go on."
            ) from error
        self._optimiser.step()
        return mean_loss

    def _anyone_stops(self) -> bool:
        return self._mean_over_processes(torch.tensor(float(self._stop_asked))) > 0

    def _mean_over_processes(self, value: Tensor) -> float:
        mean = self._fabric.all_reduce(value.to(self._fabric.device), reduce_op="mean")
        assert isinstance(mean, Tensor)
        return float(mean)

    def _measure(self, validation: Validation | None, size: int) -> None:
        loss, self._losses = math.fsum(self._losses) / len(self._losses), []
        if not self._fabric.is_global_zero:
            return
        record = {"step": self._step, "size": size, "loss": round(loss, 6)}
        if validation is not None:
            started = time.monotonic()
            watched = validation.measure(self._kept, size, self._fabric)
            self._fabric.log_dict(watched, self._step)
            record |= {**watched, "took_s": round(time.monotonic() - started, 1)}
        self._measured.append(record)
        log.info("%s", record)

    @property
    def _kept(self) -> nn.Module:
        """The network to keep: the average where there is one."""
        return self._bare if self._average is None else self._average.module

    def _state(self) -> dict[str, Any]:
        state = {
            "network": self._bare,
            "optimiser": self._optimiser,
            "step": self._step,
            "losses": self._losses,
            "measured": self._measured,
        }
        return state if self._average is None else state | {"average": self._average}

    def _resume(self) -> None:
        state = self._state()
        path = self._folder / CHECKPOINT
        own = [_settings(group) for group in self._optimiser.param_groups]
        try:
            self._fabric.load(path, state, weights_only=True)
            # The checkpoint brings the optimiser's settings of its time; the recipe's are to hold.
            for group, settings in zip(self._optimiser.param_groups, own, strict=True):
                if _settings(group).keys() != settings.keys():
                    raise ValueError("it is of another optimiser")
                group.update(settings)
        except (pickle.UnpicklingError, RuntimeError, KeyError, ValueError, EOFError) as error:
            raise TrainingError(
                f"{path} is damaged or of another recipe; name another output folder."
            ) from error
        self._step, self._losses = state["step"], state["losses"]
        self._measured = state["measured"]
        log.info("going on at step %d", self._step)

    def _save(self) -> None:
        """Writes checkpoint, weights and metrics; each appears whole or not at all."""
        names = (CHECKPOINT, WEIGHTS, METRICS)
        partial = {name: self._folder / f"{name}.partial" for name in names}
        try:
            self._fabric.save(partial[CHECKPOINT], self._state())
            if not self._fabric.is_global_zero:
                return
            save_file(half_precision(self._kept), partial[WEIGHTS])
            partial[METRICS].write_text(json.dumps(self._measured, indent=1), "utf-8")
            for name, path in partial.items():
                put_in_place(path, self._folder / name)
        except (OSError, RuntimeError, SafetensorError) as error:
            for path in partial.values():
                path.unlink(missing_ok=True)
            raise TrainingError(
                f"{self._folder} cannot be written ({error}); the checkpoint before is untouched. "
                "Make room and start again to go on."
            ) from error


def _settings(group: dict[str, Any]) -> dict[str, Any]:
    """Of an optimiser's group, all but its parameters."""
    return {name: value for name, value in group.items() if name != "params"}


def _require_finite(value: float, name: str) -> None:
    """Raises FloatingPointError."""
    if not math.isfinite(value):
        raise FloatingPointError(f"the {name} is not finite")


def require_shareable(recipe: Recipe, processes: int) -> None:
    """Raises TrainingError where so many processes cannot share the batches of ``recipe``."""
    for stage in recipe.stages:
        share, left_over = divmod(stage.batch, processes)
        if left_over:
            raise TrainingError(
                f"A batch of {stage.batch} cannot be shared by {processes} processes; change one."
            )
        smallest = min(_scaled_side(stage.size, scale) for scale in recipe.scales)
        if share * (smallest // STRIDE) ** 2 < 2:
            raise TrainingError(
                f"A picture of {smallest} pixels a process leaves batch normalisation a single "
                "value; use a larger batch or size, or fewer processes."
            )


def half_precision(network: nn.Module) -> dict[str, Tensor]:
    """The state of ``network`` as it is shipped: in half precision, without what only trains."""
    return {
        name: value.detach().to("cpu", torch.float16).contiguous()
        for name, value in network.state_dict().items()
        if not name.endswith(COUNTER_SUFFIX) and not name.startswith(GUESSES)
    }


def _scaled(pictures: Tensor, scale: float, mode: str = "bilinear") -> Tensor:
    if scale == 1.0:
        return pictures
    size = _scaled_side(pictures.shape[-1], scale)
    corners = False if mode == "bilinear" else None
    return interpolate(pictures, size=size, mode=mode, align_corners=corners)


def _scaled_side(side: int, scale: float) -> int:
    return max(STRIDE, round(side * scale / STRIDE) * STRIDE)
