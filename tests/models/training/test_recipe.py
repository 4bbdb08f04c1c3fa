from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from models.training.recipe import RECIPES, RecipeError, read_recipe, recipe_from, recipe_path
from tests.models.training.drawn_data import RECIPE


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


@pytest.mark.parametrize("path", sorted(RECIPES.glob("*.toml")), ids=lambda path: path.stem)
def test_every_recipe_of_the_repository_can_be_read(path: Path) -> None:
    recipe = read_recipe(recipe_path(path.stem))
    assert recipe_from(asdict(recipe), "the same") == recipe


@pytest.mark.parametrize(
    "name",
    [
        "pretrain",
        "quiet",
        "quieter",
        "quietest",
        "teacher",
        "taught",
        "retaught",
        "recoloured",
        "prolonged",
        "shipping",
    ],
)
def test_the_shipped_weights_see_no_set_that_forbids_it(name: str) -> None:
    for source in read_recipe(recipe_path(name)).sources:
        kvasir = (source.list, source.folder) == ("pranet_train_minus_val", "kvasir-seg")
        assert kvasir or source.list.startswith("polypgen_") or source.list == "phantom"


def test_an_override_replaces_a_line(recipe_file: Path) -> None:
    recipe = read_recipe(recipe_file, ["seed=9", "stages.1.steps=7", "optimiser=sgd", "clip=2"])
    assert (recipe.seed, recipe.stages[1].steps, recipe.optimiser) == (9, 7, "sgd")
    assert recipe.clip == 2.0


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("seed", "has no value"),
        ("stages.7.steps=1", "names no line"),
        ("stages.first.steps=1", "names no line"),
        ("speed=3", "unknown entry speed"),
        ("seed=1.5", "must be of type int"),
        ("sources=[]", r"no \[\[sources\]\] table"),
        ("stages.0.size=100", "use 96"),
        ("stages.1.batch=0", "at least 1"),
        ("stages.0.batch=1", "use a larger batch or size"),
        ("sources.0.share=0", "at least 1"),
        ("sources=5", r"write \[\[sources\]\]"),
        ("stages=[3]", r"write \[\[stages\]\]"),
        ("scales=1", "list of numbers above 0"),
        ("scales=[1, -1]", "list of numbers above 0"),
        ("save_every=0", "at least 1"),
        ("stored_size=0", "at least 32"),
        ("average=1.0", r"in \[0, 1\)"),
        ("precision=int4", "one of bf16-mixed"),
        ("network=resnet", "one of hardnet-mseg, lite0"),
        ("cutmix=1.5", r"cutmix must be in \[0, 1\]"),
        ("colour_exchange=-0.1", r"colour_exchange must be in \[0, 1\]"),
        ("workers=-1", "workers must not be below 0"),
        ("teacher_weight=-0.5", "teacher_weight must not be below 0"),
        ("stages.0.warm_up=-3", "warm_up must not be below 0"),
        ("augmentation=mild", "give one of none, flip-and-rotate, strong, stronger"),
        ("optimiser=lion", "give one of adam, adamw, sgd"),
        ("sources.1.kind=cropped", "give one of frame, crop, painted, patched"),
        ("seed=-1", "seed must be from 0 to 4294967295"),
        ("seed=4294967296", "seed must be from 0 to 4294967295"),
        ("clip=nan", "clip is nan, but must be a finite number"),
        ("weight_decay=inf", "weight_decay is inf, but must be a finite number"),
        ("stages.1.learning_rate=nan", "learning_rate is nan, but must be a finite number"),
        ("scales=[1, nan]", "list of numbers above 0"),
        ("scales=[inf]", "list of numbers above 0"),
    ],
)
def test_a_wrong_override_is_named(recipe_file: Path, override: str, words: str) -> None:
    with pytest.raises(RecipeError, match=words):
        read_recipe(recipe_file, [override])


def test_a_missing_entry_is_named(tmp_path: Path) -> None:
    path = tmp_path / "short.toml"
    path.write_text(RECIPE.replace('optimiser = "adamw"', ""), encoding="utf-8")
    with pytest.raises(RecipeError, match="optimiser"):
        read_recipe(path)


def test_an_unknown_recipe_lists_the_known_ones() -> None:
    with pytest.raises(RecipeError, match="kvasir880, pranet, pretrain, prolonged, quiet, q"):
        recipe_path("paper")


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "broken.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(RecipeError, match=r"broken\.toml is no TOML"):
        read_recipe(path)
