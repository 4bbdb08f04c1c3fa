"""What a training run does, read from a TOML file; every line can be overridden."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from models.spec import STRIDE
from models.training.augmentation import AUGMENTATIONS
from models.training.efficientnet_lite import LITE_NETWORKS

RECIPES = Path(__file__).parent / "recipes"
PRECISIONS = ("bf16-mixed", "32-true")
OPTIMISERS = ("adam", "adamw", "sgd")
KINDS = ("frame", "crop", "painted", "patched")
"""Of frames to train on."""
LARGEST_SEED = 2**32 - 1
"""That NumPy's older generator takes, which Lightning seeds too."""
NOT_NEGATIVE = (
    "weight_decay",
    "momentum",
    "clip",
    "empty_weight",
    "teacher_weight",
    "feature_weight",
    "workers",
)
HARDNET_MSEG = "hardnet-mseg"
NETWORKS = (HARDNET_MSEG, *LITE_NETWORKS)


class RecipeError(Exception):
    """A recipe or an override cannot be understood; the message names the line."""


@dataclass(frozen=True, slots=True)
class SourceRecipe:
    """One ingredient of the mixture of training frames."""

    list: str
    """Name of a list in ``splits`` of the data root, without its suffix."""
    kind: str
    """One of ``KINDS``; ``negatives.py`` makes all but the first."""
    share: int
    """Of the sum of all shares, how many draws come from this source."""
    folder: str = ""
    """Keep the list's entries of this folder alone; empty keeps all."""
    root: str = ""
    """Another data root for this source; empty is the run's own."""
    trained_half: bool = False
    """Leave out the half that ``lists.in_measured_half`` keeps for measuring."""


@dataclass(frozen=True, slots=True)
class StageRecipe:
    """A part of the run with one picture size and one course of the learning rate."""

    steps: int
    size: int
    batch: int
    learning_rate: float
    last_learning_rate: float
    """Reached by half a cosine over ``steps``; equal to ``learning_rate`` for a constant rate."""
    warm_up: int = 0
    """Steps over which the rate climbs linearly to ``learning_rate`` first."""


@dataclass(frozen=True, slots=True)
class Recipe:
    sources: tuple[SourceRecipe, ...]
    stages: tuple[StageRecipe, ...]
    optimiser: str
    """One of ``OPTIMISERS``."""
    augmentation: str
    """A key of ``augmentation.AUGMENTATIONS``."""
    network: str = HARDNET_MSEG
    """One of ``NETWORKS``; the others are to teach this one."""
    teacher_weight: float = 3.0
    """Weight of the loss against a teacher's masks, where the run is given a teacher."""
    feature_weight: float = 1.0
    """Weight of the loss against a teacher's features, where the run is given a teacher."""
    seed: int = 0
    weight_decay: float = 0.0
    momentum: float = 0.0
    clip: float = 0.0
    """Largest norm of the gradient; 0 leaves it alone."""
    scales: tuple[float, ...] = (1.0,)
    """Each batch is learnt at each of these multiples of the stage's size, one step a scale."""
    cutmix: float = 0.0
    """Share of the frames of each batch that get a rectangle of another one (``cutmix.py``)."""
    colour_exchange: float = 0.0
    """Share of the frames of each batch in the colours of another one (``colour_exchange.py``).

    A teacher sees the frames in their own colours."""
    empty_weight: float = 1.0
    """Weight of the loss on frames without a polyp."""
    average: float = 0.0
    """Decay of the exponential moving average of the weights; 0 keeps none."""
    precision: str = "bf16-mixed"
    """One of ``PRECISIONS``; GPUs before Ampere know no BF16."""
    stored_size: int = 416
    """Side in pixels at which frames are kept in memory."""
    validation: str = ""
    """The list whose Dice is watched; empty watches none. Its frames must not be trained on."""
    validation_folder: str = ""
    """Keep that list's entries of this folder alone; empty keeps all."""
    validation_negatives: str = ""
    """A list of polyp-free frames; the half that training leaves out is watched."""
    workers: int = 0
    """Processes that prepare batches; 0 does it in the training process."""
    validate_every: int = 200
    save_every: int = 100


def recipe_path(name_or_path: str) -> Path:
    """The file of a recipe that is named, such as ``shipping``, or given by its path."""
    named = RECIPES / f"{name_or_path}.toml"
    path = named if named.is_file() else Path(name_or_path)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in RECIPES.glob("*.toml")))
        raise RecipeError(
            f"There is no recipe {name_or_path}; give one of {known}, or a TOML file."
        )
    return path


def read_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in ``path``, after ``overrides`` such as ``seed=3`` or ``stages.0.steps=50``.

    Raises:
        RecipeError: not TOML, an unknown or missing entry, a value of another type.
    """
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RecipeError(f"{path} is no TOML file: {error}.") from error
    for override in overrides:
        _override(entries, override)
    return recipe_from(entries, str(path))


def recipe_from(entries: dict[str, Any], origin: str) -> Recipe:
    """The recipe that ``entries``, as TOML or ``dataclasses.asdict`` gives them, describe."""
    entries = dict(entries)
    for key, kind in (("sources", SourceRecipe), ("stages", StageRecipe)):
        tables = entries.get(key)
        if not tables:
            raise RecipeError(f"{origin} has no [[{key}]] table; add one.")
        if not isinstance(tables, list | tuple) or any(not isinstance(t, dict) for t in tables):
            raise RecipeError(f"{origin}: {key} is no list of tables; write [[{key}]].")
        entries[key] = tuple(
            _filled(kind, dict(table), f"{origin}, {key}.{index}")
            for index, table in enumerate(tables)
        )
    if "scales" in entries:
        entries["scales"] = _positive_numbers(entries["scales"], f"{origin}: scales")
    recipe = _filled(Recipe, entries, origin)
    assert isinstance(recipe, Recipe)
    _check(recipe, origin)
    return recipe


def _check(recipe: Recipe, origin: str) -> None:
    for index, stage in enumerate(recipe.stages):
        where = f"{origin}, stages.{index}"
        if stage.steps < 1 or stage.batch < 1:
            raise RecipeError(f"{where}: steps and batch must be at least 1.")
        if min(stage.learning_rate, stage.last_learning_rate, stage.warm_up) < 0:
            raise RecipeError(f"{where}: learning rates and warm_up must not be below 0.")
        if stage.size < STRIDE or stage.size % STRIDE:
            fitting = max(STRIDE, round(stage.size / STRIDE) * STRIDE)
            raise RecipeError(f"{where}: size must be a multiple of {STRIDE}; use {fitting}.")
        if stage.batch * (stage.size // STRIDE) ** 2 < 2:
            raise RecipeError(
                f"{where}: one picture of {stage.size} pixels leaves batch normalisation a single "
                "value; use a larger batch or size."
            )
    if any(source.share < 1 for source in recipe.sources):
        raise RecipeError(f"{origin}: the share of every source must be at least 1.")
    for index, source in enumerate(recipe.sources):
        _require_known(source.kind, KINDS, f"{origin}, sources.{index}: the kind")
    if not 0 <= recipe.seed <= LARGEST_SEED:
        raise RecipeError(f"{origin}: seed must be from 0 to {LARGEST_SEED}.")
    if recipe.validate_every < 1 or recipe.save_every < 1:
        raise RecipeError(f"{origin}: validate_every and save_every must be at least 1.")
    if recipe.stored_size < STRIDE:
        raise RecipeError(f"{origin}: stored_size must be at least {STRIDE}.")
    for name in NOT_NEGATIVE:
        if getattr(recipe, name) < 0:
            raise RecipeError(f"{origin}: {name} must not be below 0.")
    if not 0 <= recipe.average < 1:
        raise RecipeError(f"{origin}: average must be in [0, 1).")
    for name in ("cutmix", "colour_exchange"):
        if not 0 <= getattr(recipe, name) <= 1:
            raise RecipeError(f"{origin}: {name} must be in [0, 1].")
    if recipe.precision not in PRECISIONS:
        raise RecipeError(f"{origin}: precision must be one of {', '.join(PRECISIONS)}.")
    _require_known(recipe.network, NETWORKS, f"{origin}: the network")
    _require_known(recipe.optimiser, OPTIMISERS, f"{origin}: the optimiser")
    _require_known(recipe.augmentation, AUGMENTATIONS, f"{origin}: the augmentation")


def _require_known(name: str, known: Collection[str], what: str) -> None:
    if name not in known:
        raise RecipeError(f"{what} {name} is unknown; give one of {', '.join(known)}.")


def _positive_numbers(values: Any, where: str) -> tuple[float, ...]:
    is_list = isinstance(values, list | tuple) and len(values) > 0
    if not is_list or any(
        type(each) not in (int, float) or not 0 < each < math.inf for each in values
    ):
        raise RecipeError(f"{where} is {values!r}, but must be a list of numbers above 0.")
    return tuple(float(each) for each in values)


def _filled(kind: type[Any], entries: dict[str, Any], origin: str) -> Any:
    hints = get_type_hints(kind)
    for name, value in entries.items():
        if name not in hints:
            raise RecipeError(
                f"{origin} has an unknown entry {name}; known are {', '.join(hints)}."
            )
        wanted = hints[name]
        if wanted is float and type(value) is int:
            entries[name] = float(value)
        elif not get_args(wanted) and type(value) is not wanted:
            raise RecipeError(
                f"{origin}: {name} is {value!r}, but must be of type {wanted.__name__}."
            )
        elif wanted is float and not math.isfinite(value):
            raise RecipeError(f"{origin}: {name} is {value!r}, but must be a finite number.")
    missing = [field.name for field in fields(kind) if field.name not in entries]
    try:
        return kind(**entries)
    except TypeError as error:
        raise RecipeError(f"{origin} lacks one of {', '.join(missing)}; add it.") from error


def _override(entries: dict[str, Any], override: str) -> None:
    key, equals, text = override.partition("=")
    try:
        value = tomllib.loads(f"value = {text}")["value"] if equals else None
    except tomllib.TOMLDecodeError:
        value = text
    if value is None:
        raise RecipeError(f"The override {override} has no value; write it as name=value.")
    *parents, last = key.split(".")
    table: Any = entries
    try:
        for parent in parents:
            table = table[int(parent)] if isinstance(table, list) else table[parent]
        table[last] = value
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise RecipeError(f"The override {override} names no line of the recipe.") from error
