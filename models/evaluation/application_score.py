"""The application scorer: what a user sees, at the threshold and least area that the user has.

The probability is taken as shown, without scaling, and marked by ``models.regions``, as in the
application.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluation.bootstrap import (
    Interval,
    clustered_share_interval,
    mean_interval,
    share_interval,
)
from models.evaluation.overlap import Overlap
from models.regions import find_regions
from models.segmentation import Segmentation

MARKED_SHARE = 0.002
"""A polyp-free frame counts as marked when more than this share of the picture is."""
FOUND_SHARE = 0.5
"""A polyp counts as found when at least this share of its pixels is marked."""


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """A setting of the application."""

    threshold: float
    """Probability in [0, 1] from which a pixel is marked."""
    least_area: float
    """Share of the picture in [0, 1] that a region's core has to cover."""
    core_margin: float = 0.0
    """By how much, in logits, a core exceeds the threshold; see ``models.regions``."""


@dataclass(frozen=True, slots=True)
class FrameScore:
    """What one frame contributes."""

    name: str
    overlap: Overlap
    marked_share: float
    polyps: int
    polyps_found: int
    false_regions: int
    """Marked regions that touch no polyp."""

    @property
    def is_polyp_free(self) -> bool:
        return self.polyps == 0

    @property
    def is_falsely_marked(self) -> bool:
        return self.is_polyp_free and self.marked_share > MARKED_SHARE


@dataclass(frozen=True, slots=True)
class ApplicationScore:
    """Means over the frames of a list; None where the list holds no such frame."""

    frames_with_polyp: int
    dice: Interval | None
    """Of frames with a polyp."""
    iou: Interval | None
    polyp_sensitivity: Interval | None
    """Share of all polyps that are found."""
    polyp_free_frames: int
    specificity: Interval | None
    """Share of polyp-free frames that are not marked."""
    false_regions_per_frame: Interval
    """Of all frames."""


def score_frame(
    name: str,
    segmentation: Segmentation,
    polyp: NDArray[np.bool_],
    point: OperatingPoint,
) -> FrameScore:
    """Scores the answer to one frame.

    Args:
        polyp: (source height, source width), True where a polyp is.
    """
    findings = find_regions(segmentation, point.threshold, point.least_area, point.core_margin)
    marked = findings.mask > 0
    polyps, labels = cv2.connectedComponents(polyp.astype(np.uint8), connectivity=8)
    sizes = np.bincount(labels.ravel(), minlength=polyps)[1:]
    covered = np.bincount(labels[marked], minlength=polyps)[1:]
    regions, region_labels = cv2.connectedComponents(findings.mask, connectivity=8)
    touched = np.unique(region_labels[polyp & marked])
    return FrameScore(
        name,
        Overlap.of(marked, polyp),
        findings.area_share,
        polyps - 1,
        int(np.count_nonzero(covered >= FOUND_SHARE * sizes)),
        regions - 1 - touched.size,
    )


def application_score(frames: Sequence[FrameScore]) -> ApplicationScore:
    with_polyp = [frame for frame in frames if not frame.is_polyp_free]
    without = [frame for frame in frames if frame.is_polyp_free]
    return ApplicationScore(
        len(with_polyp),
        mean_interval([frame.overlap.dice for frame in with_polyp]),
        mean_interval([frame.overlap.iou for frame in with_polyp]),
        clustered_share_interval(
            [frame.polyps_found for frame in with_polyp], [frame.polyps for frame in with_polyp]
        ),
        len(without),
        share_interval(sum(not frame.is_falsely_marked for frame in without), len(without)),
        mean_interval([frame.false_regions for frame in frames]) or Interval(0.0, 0.0, 0.0),
    )
