from __future__ import annotations

from pathlib import Path

import pytest
from lightning.fabric import Fabric
from torch import Tensor, nn

from models.spec import ModelSpec
from models.training.recipe import read_recipe
from models.training.validation import load_validation
from tests.models.training.drawn_data import RECIPE, draw_data


class RedAbove(nn.Module):
    """Marks pixels whose red, in [0, 255], exceeds ``level``."""

    def __init__(self, level: float) -> None:
        super().__init__()
        spec = ModelSpec()
        self._level = (level / 255 - spec.mean[0]) / spec.deviation[0]

    def forward(self, images: Tensor) -> Tensor:
        return (images[:, :1] - self._level) * 1000


@pytest.mark.parametrize(("level", "dice", "marked"), [(255.0, 0.0, 0.0), (0.0, None, 1.0)])
def test_marking_nothing_and_marking_all(
    tmp_path: Path, level: float, dice: float | None, marked: float
) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    recipe = read_recipe(tmp_path / "recipe.toml")
    validation = load_validation(recipe, draw_data(tmp_path / "data"), cache=None)
    assert validation is not None
    fabric = Fabric(accelerator="cpu", precision="32-true")
    measured = validation.measure(RedAbove(level), 64, fabric)
    assert measured["painted_marked"] == measured["negative_marked"] == marked
    if dice is None:
        shares = [float((mask > 0).mean()) for mask in validation.masks]
        dice = sum(2 * share / (1 + share) for share in shares) / len(shares)
    assert measured["dice"] == pytest.approx(dice, abs=0.02)


def test_a_recipe_may_watch_nothing(tmp_path: Path) -> None:
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    recipe = read_recipe(tmp_path / "recipe.toml", ["validation="])
    assert load_validation(recipe, tmp_path, cache=None) is None
