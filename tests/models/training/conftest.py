"""What the training tests share, and leave as they found it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.models.training.drawn_data import RECIPE, draw_data


@pytest.fixture(autouse=True)
def denormals_as_before() -> Iterator[None]:
    """Training flushes denormal numbers, which is a setting of the whole thread."""
    yield
    torch.set_flush_denormal(False)


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A run of five steps in two stages, all but its output folder."""
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    data = draw_data(tmp_path / "data")
    recipe = str(tmp_path / "recipe.toml")
    return [recipe, "--data", str(data), "--accelerator", "cpu", "--threads", "1"]
