from __future__ import annotations

import pytest

from models.training.progress import Progress
from models.training.recipe import StageRecipe

STAGES = [
    StageRecipe(steps=3, size=32, batch=2, learning_rate=1.0, last_learning_rate=1.0),
    StageRecipe(steps=2, size=64, batch=2, learning_rate=1.0, last_learning_rate=1.0),
]
"""Three steps of 1 and two of 4 units of work: 11 in all."""


@pytest.mark.parametrize(("taken", "percent"), [(0, 9), (2, 27), (3, 64)])
def test_a_step_counts_by_its_pixels(
    capsys: pytest.CaptureFixture[str], taken: int, percent: int
) -> None:
    """One step more than those of earlier starts."""
    stage = STAGES[0] if taken < 3 else STAGES[1]
    with Progress(STAGES, taken, shown=True) as progress:
        progress.advance(stage, 0.25)
    shown = capsys.readouterr().err.split("\r")[-1]
    assert f"step {taken + 1} of 5, {stage.size}x{stage.size}, loss 0.250" in shown
    assert f" {percent}%" in shown
    assert " left" in shown


def test_what_is_not_to_be_shown_is_not(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(STAGES, 0, shown=False) as progress:
        progress.advance(STAGES[0], 0.25)
    assert capsys.readouterr().err == ""
