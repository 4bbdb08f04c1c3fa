"""A bar over a whole run, with the time that is left."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tqdm import tqdm

from models.training.recipe import StageRecipe

FORMAT = "{desc} {percentage:3.0f}%|{bar}| {elapsed}, {remaining} left"


class Progress:
    """Steps count by the pixels that they learn from, so that small pictures foretell large ones.

    Args:
        stages: of the whole run.
        step: how many steps were taken before this start.
        shown: False draws nothing.
    """

    def __init__(self, stages: Sequence[StageRecipe], step: int, *, shown: bool) -> None:
        self._steps = sum(stage.steps for stage in stages)
        self._step = step
        work_of_steps = [_work(stage) for stage in stages for _ in range(stage.steps)]
        self._bar = tqdm(
            desc=f"step {step} of {self._steps}",
            total=sum(work_of_steps),
            initial=sum(work_of_steps[:step]),
            bar_format=FORMAT,
            mininterval=5,
            disable=not shown,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()

    def advance(self, stage: StageRecipe, loss: float) -> None:
        """One more step, of ``stage``, was taken."""
        self._step += 1
        self._bar.set_description_str(
            f"step {self._step} of {self._steps}, {stage.size}x{stage.size}, loss {loss:.3f}",
            refresh=False,
        )
        self._bar.update(_work(stage))


def _work(stage: StageRecipe) -> int:
    return stage.batch * stage.size**2
