"""Chooses threshold and least area, on validation frames alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation.application_score import OperatingPoint
from models.evaluation.predictions import Prediction

THRESHOLDS = tuple(step / 20 for step in range(6, 19))
LEAST_AREAS = (0.0, 0.001, 0.002, 0.004, 0.006)


@dataclass(frozen=True, slots=True)
class Choice:
    """The setting that was chosen and what it does on the validation frames."""

    point: OperatingPoint
    dice: float
    """Mean over frames with a polyp."""
    marked_share: float
    """Of polyp-free frames."""


def choose(
    with_polyp: Sequence[Prediction],
    polyp_free: Sequence[Prediction],
    most_marked: float,
) -> Choice:
    """The setting of most Dice among those that mark at most ``most_marked`` of polyp-free frames.

    Where none stays below, the one that marks fewest. Of equal ones the lower threshold, then the
    smaller least area: they hide less.
    """
    choices = [
        _measured(with_polyp, polyp_free, OperatingPoint(threshold, least_area))
        for threshold in THRESHOLDS
        for least_area in LEAST_AREAS
    ]
    quiet = [choice for choice in choices if choice.marked_share <= most_marked]
    if quiet:
        return max(quiet, key=lambda choice: choice.dice)
    return min(choices, key=lambda choice: choice.marked_share)


def _measured(
    with_polyp: Sequence[Prediction], polyp_free: Sequence[Prediction], point: OperatingPoint
) -> Choice:
    dices = [each.scored(point).overlap.dice for each in with_polyp]
    marked = [each.scored(point).is_falsely_marked for each in polyp_free]
    return Choice(point, float(np.mean(dices)), float(np.mean(marked)))
