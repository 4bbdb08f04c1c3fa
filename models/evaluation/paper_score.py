"""The paper scorer: the measures of Tables 1, 2 and 3, as the papers' own toolbox takes them.

Tables 2 and 3 follow the evaluation toolbox of PraNet (Fan et al. 2020, arXiv 2006.11392): each map
is scaled by its own minimum and maximum, cut at the 256 thresholds 0, 1/255, .. 1, and the
measures are means over thresholds. That forgives a map its absolute level, and a wrong mark on an
empty frame becomes certain: these figures compare papers and say nothing about the application.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from py_sod_metrics import MAE, Emeasure, Smeasure, WeightedFmeasure

from models.evaluation.bootstrap import Interval, largest_mean_interval, mean_interval
from models.evaluation.overlap import Overlap

LEVELS = 256


@dataclass(frozen=True, slots=True)
class PaperScore:
    """Tables 2 and 3: means over images, of ``max_em`` at the threshold that is best for all."""

    images: int
    mean_dice: Interval
    mean_iou: Interval
    weighted_f: Interval
    s_measure: Interval
    max_em: Interval
    mae: Interval


@dataclass(frozen=True, slots=True)
class TableOneScore:
    """Table 1: means over images at the threshold 0.5, without scaling."""

    images: int
    mean_iou: Interval
    mean_dice: Interval
    f2: Interval
    precision: Interval
    recall: Interval
    accuracy: Interval


class PaperScorer:
    """Takes the maps of one list, one after the other."""

    def __init__(self) -> None:
        self.dices: list[float] = []
        self.ious: list[float] = []
        self._weighted_f = WeightedFmeasure()
        self._s_measure = Smeasure()
        self._e_measure = Emeasure()
        self._mae = MAE()

    def add(self, probability: NDArray[np.uint8], polyp: NDArray[np.bool_]) -> None:
        """Scores a map, (H, W) uint8 with 255 = certain, against its mask, (H, W) bool.

        A map without any probability on a mask without any polyp is right in every measure.
        """
        dice, iou = threshold_means(probability, polyp)
        self.dices.append(dice)
        self.ious.append(iou)
        mask = np.where(polyp, np.uint8(255), np.uint8(0))
        for measure in (self._weighted_f, self._s_measure, self._e_measure, self._mae):
            measure.step(pred=probability, gt=mask)
        if _is_right_and_empty(probability, polyp):
            # The toolbox gives every mask without a polyp a weighted F of 0.
            self._weighted_f.weighted_fms[-1] = 1.0

    def score(self) -> PaperScore:
        """The list's score; at least one map must have been added."""
        return PaperScore(
            len(self.dices),
            _mean(self.dices),
            _mean(self.ious),
            _mean(self._weighted_f.weighted_fms),
            _mean(self._s_measure.sms),
            largest_mean_interval(np.array(self._e_measure.changeable_ems)),
            _mean(self._mae.maes),
        )


def threshold_means(
    probability: NDArray[np.uint8], polyp: NDArray[np.bool_]
) -> tuple[float, float]:
    """Dice and IoU of a min-max scaled map, each the mean over the 256 thresholds.

    A pixel is marked when its scaled value reaches the threshold; at threshold 0 all are. A map
    without any probability on a mask without any polyp is right and scores 1.
    """
    if _is_right_and_empty(probability, polyp):
        return 1.0, 1.0
    levels = scaled(probability)
    inside = np.bincount(levels[polyp], minlength=LEVELS)
    outside = np.bincount(levels[~polyp], minlength=LEVELS)
    both = inside[::-1].cumsum()[::-1]
    marked = both + outside[::-1].cumsum()[::-1]
    polyp_px = int(inside.sum())
    dice = 2 * both / (marked + polyp_px)
    iou = both / np.maximum(marked + polyp_px - both, 1)
    return float(dice.mean()), float(iou.mean())


def scaled(probability: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The map stretched to [0, 255] by its own extremes, rounded down; a constant one is kept."""
    low, high = int(probability.min()), int(probability.max())
    if low == high:
        return probability
    return ((probability.astype(np.int64) - low) * 255 // (high - low)).astype(np.uint8)


def table_one(overlaps: Sequence[Overlap]) -> TableOneScore:
    """Table 1 over the images' overlaps at threshold 0.5; at least one."""
    return TableOneScore(
        len(overlaps),
        _mean([overlap.iou for overlap in overlaps]),
        _mean([overlap.dice for overlap in overlaps]),
        _mean([overlap.f2 for overlap in overlaps]),
        _mean([overlap.precision for overlap in overlaps]),
        _mean([overlap.recall for overlap in overlaps]),
        _mean([overlap.accuracy for overlap in overlaps]),
    )


def _is_right_and_empty(probability: NDArray[np.uint8], polyp: NDArray[np.bool_]) -> bool:
    return not probability.any() and not polyp.any()


def _mean(values: Sequence[float]) -> Interval:
    interval = mean_interval(values)
    if interval is None:
        raise ValueError("there are no images to score")
    return interval
