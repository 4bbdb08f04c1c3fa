"""How Dice, precision and recall move with the threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.evaluation.predictions import Prediction
from models.geometry import probability_on_source

LEVELS = 256


@dataclass(frozen=True, slots=True)
class ThresholdCurve:
    """Means over frames with a polyp, at the probabilities 1/255, 2/255, .. 1."""

    thresholds: Sequence[float]
    dice: Sequence[float]
    precision: Sequence[float]
    """Of a frame on which nothing is marked: 0."""
    recall: Sequence[float]


def threshold_curve(with_polyp: Sequence[Prediction]) -> ThresholdCurve:
    """The curve of frames that all show a polyp; at least one."""
    dice, precision, recall = (np.zeros(LEVELS - 1) for _ in range(3))
    for each in with_polyp:
        levels = probability_on_source(each.segmentation.probability, each.segmentation.geometry)
        inside = np.bincount(levels[each.polyp], minlength=LEVELS)
        everywhere = np.bincount(levels.ravel(), minlength=LEVELS)
        both = inside[::-1].cumsum()[::-1][1:]
        marked = everywhere[::-1].cumsum()[::-1][1:]
        polyp_px = int(inside.sum())
        dice += 2 * both / (marked + polyp_px)
        precision += both / np.maximum(marked, 1)
        recall += both / polyp_px
    count = len(with_polyp)
    return ThresholdCurve(
        (np.arange(1, LEVELS) / (LEVELS - 1)).tolist(),
        (dice / count).tolist(),
        (precision / count).tolist(),
        (recall / count).tolist(),
    )
