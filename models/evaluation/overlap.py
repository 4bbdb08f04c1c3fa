"""Measures of two binary masks, from their counts of pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Overlap:
    """Counts of pixels: marked and polyp, marked alone, polyp alone, neither.

    Where nothing is to be found and nothing was marked, Dice, IoU, precision, recall and F2 are 1:
    the answer is right.
    """

    both: int
    marked_alone: int
    polyp_alone: int
    neither: int

    @staticmethod
    def of(marked: NDArray[np.bool_], polyp: NDArray[np.bool_]) -> Overlap:
        """Of two (H, W) masks."""
        both = int(np.count_nonzero(marked & polyp))
        marked_alone = int(np.count_nonzero(marked)) - both
        polyp_alone = int(np.count_nonzero(polyp)) - both
        return Overlap(
            both, marked_alone, polyp_alone, marked.size - both - marked_alone - polyp_alone
        )

    @property
    def dice(self) -> float:
        return _ratio(2 * self.both, 2 * self.both + self.marked_alone + self.polyp_alone)

    @property
    def iou(self) -> float:
        return _ratio(self.both, self.both + self.marked_alone + self.polyp_alone)

    @property
    def precision(self) -> float:
        """1 where nothing is marked and nothing was missed, 0 where all was missed."""
        if self.both + self.marked_alone == 0:
            return float(self.polyp_alone == 0)
        return self.both / (self.both + self.marked_alone)

    @property
    def recall(self) -> float:
        """Of a polyp-free frame: 1 where nothing is marked, else 0."""
        if self.both + self.polyp_alone == 0:
            return float(self.marked_alone == 0)
        return self.both / (self.both + self.polyp_alone)

    @property
    def f2(self) -> float:
        """The F-measure that counts recall twice as much as precision."""
        return _ratio(5 * self.both, 5 * self.both + 4 * self.polyp_alone + self.marked_alone)

    @property
    def accuracy(self) -> float:
        total = self.both + self.marked_alone + self.polyp_alone + self.neither
        return (self.both + self.neither) / total


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
