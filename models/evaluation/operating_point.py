"""Chooses threshold, core and least area, on validation frames alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluation.application_score import MARKED_SHARE, OperatingPoint
from models.evaluation.predictions import Prediction
from models.geometry import core_threshold, least_level, probability_on_source

THRESHOLDS = tuple(step / 20 for step in range(6, 19))
CORE_MARGINS = (0.0, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0)
LEAST_AREAS = (0.0, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01)
EQUAL_DICE = 0.002
"""Settings whose Dice differs by less count as equally good: one frame decides that."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A setting and what it does on validation frames, set by set."""

    point: OperatingPoint
    dices: tuple[float, ...]
    """Of each set of frames with a polyp, the mean."""
    marked_shares: tuple[float, ...]
    """Of each set of polyp-free frames, the share that is marked."""

    @property
    def dice(self) -> float:
        """The mean over the sets, so that a large one drowns no other."""
        return float(np.mean(self.dices))

    @property
    def marked_share(self) -> float:
        """Likewise."""
        return float(np.mean(self.marked_shares))


def measured_settings(
    with_polyp: Sequence[Sequence[Prediction]], polyp_free: Sequence[Sequence[Prediction]]
) -> list[Choice]:
    """Every setting of the grid, measured on sets of frames with and of frames without a polyp."""
    dices = [np.mean([_over_the_grid(each)[0] for each in one], axis=0) for one in with_polyp]
    marked = [np.mean([_over_the_grid(each)[1] for each in one], axis=0) for one in polyp_free]
    return [
        Choice(
            OperatingPoint(threshold, least_area, core_margin),
            tuple(float(of_set[place]) for of_set in dices),
            tuple(float(of_set[place]) for of_set in marked),
        )
        for place, (threshold, core_margin, least_area) in zip(
            np.ndindex(len(THRESHOLDS), len(CORE_MARGINS), len(LEAST_AREAS)),
            product(THRESHOLDS, CORE_MARGINS, LEAST_AREAS),
            strict=True,
        )
    ]


def choose(settings: Sequence[Choice], most_marked: float) -> Choice:
    """The setting of most Dice among those that mark at most ``most_marked`` of polyp-free frames.

    Of equally good ones the smallest least area, then the lower threshold, then the smaller margin:
    they hide less. Where none stays below ``most_marked``, the one that marks fewest.
    """
    quiet = [setting for setting in settings if setting.marked_share <= most_marked]
    if not quiet:
        return min(settings, key=lambda setting: setting.marked_share)
    best = max(setting.dice for setting in quiet)
    return min(
        (setting for setting in quiet if setting.dice > best - EQUAL_DICE),
        key=lambda setting: (
            setting.point.least_area,
            setting.point.threshold,
            setting.point.core_margin,
        ),
    )


def _over_the_grid(
    prediction: Prediction,
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Dice of a frame, and whether it is marked as if it were polyp-free, for every setting.

    Both are (thresholds, core margins, least areas), and what ``Prediction.scored`` would give.
    """
    picture = prediction.segmentation.geometry.area
    picture_px = picture.width * picture.height
    least_core_px = np.maximum(1.0, np.array(LEAST_AREAS) * picture_px)
    dices, marked = [], []
    for area_px, polyp_px, core_px in _regions(prediction):
        kept = core_px[:, None, :] >= least_core_px[None, :, None]
        marked_px = kept @ area_px
        both = 2 * (kept @ polyp_px)
        either = marked_px + np.count_nonzero(prediction.polyp)
        dices.append(np.divide(both, either, out=np.ones_like(both, np.float64), where=either > 0))
        marked.append(marked_px / picture_px > MARKED_SHARE)
    return np.array(dices), np.array(marked)


def _regions(
    prediction: Prediction,
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """For each threshold, of all regions: area, part on the polyp, core at each margin."""
    segmentation = prediction.segmentation
    levels = probability_on_source(segmentation.probability, segmentation.geometry)
    for threshold in THRESHOLDS:
        reached = levels >= least_level(threshold)
        count, labels = cv2.connectedComponents(reached.view(np.uint8), connectivity=8)
        region, level = np.asarray(labels, np.int32)[reached], levels[reached]
        cores = [
            _counts(region[level >= least_level(core_threshold(threshold, margin))], count)
            for margin in CORE_MARGINS
        ]
        yield (
            _counts(region, count),
            _counts(region[prediction.polyp[reached]], count),
            np.array(cores),
        )


def _counts(region: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """How many pixels are of the regions 1, 2, .. ``count - 1``."""
    return np.bincount(region, minlength=count)[1:]
