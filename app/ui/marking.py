"""What is to be marked on a frame: the regions that the alert lets through, and no others."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from app.player.shown import Shown
from models.geometry import Geometry, least_level
from models.regions import Findings, Region
from models.segmentation import Segmentation


@dataclass(frozen=True, slots=True, eq=False)
class Marking:
    """At least one region, and the probability from which its outline is drawn."""

    regions: tuple[Region, ...]
    probability: NDArray[np.uint8]
    """(model height, model width), 255 = certain; 0 where another region than these reached the
    level."""
    geometry: Geometry
    """How ``probability`` lies on the source."""
    level: int
    """The least probability, 1 to 255, that is marked."""


def marking_of(shown: Shown) -> Marking | None:
    """What is to be marked on ``shown``; None where nothing is."""
    if shown.segmentation is None or shown.findings is None or not shown.alerts:
        return None
    level = least_level(shown.threshold)
    findings = alerted(shown.findings, shown.alerts)
    return Marking(
        findings.regions,
        _without_other_regions(shown.segmentation, findings, level),
        shown.segmentation.geometry,
        level,
    )


def alerted(findings: Findings, alerts: tuple[Region, ...]) -> Findings:
    """``findings`` with the regions ``alerts``, some of its own, and their mask alone."""
    if len(alerts) == len(findings.regions):
        return findings
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(findings.mask, connectivity=8)
    wanted = {(r.x, r.y, r.width, r.height, r.area_px) for r in alerts}
    kept = np.array([tuple(row) in wanted for row in statistics.tolist()])
    kept[0] = False  # what no region covers
    return replace(findings, regions=alerts, mask=kept[labels] * np.uint8(255))


def _without_other_regions(
    segmentation: Segmentation, findings: Findings, level: int
) -> NDArray[np.uint8]:
    """The probability with 0 in the components, at model resolution, that have no marked pixel.

    Two components share no square of four neighbouring model pixels, between which is interpolated,
    unless they touch by a corner: removing one leaves the outline of the others as it is.
    """
    probability, geometry = segmentation.probability, segmentation.geometry
    count, labels = cv2.connectedComponents(
        (probability >= level).view(np.uint8), connectivity=4, ltype=cv2.CV_32S
    )
    columns, rows = (
        np.minimum(centres.astype(np.intp), limit - 1)
        for centres, limit in zip(
            _model_centres(geometry), (geometry.source_width, geometry.source_height), strict=True
        )
    )
    kept = np.zeros(count, np.bool_)
    kept[labels[findings.mask[np.ix_(rows, columns)] > 0]] = True
    kept[0] = True
    return probability if kept.all() else probability * kept[labels]


def _model_centres(geometry: Geometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The source's column of each model column's centre, and the same for the rows."""
    columns = np.column_stack(
        (np.arange(geometry.model_width) + 0.5, np.zeros(geometry.model_width))
    )
    rows = np.column_stack(
        (np.zeros(geometry.model_height), np.arange(geometry.model_height) + 0.5)
    )
    return geometry.to_source(columns)[:, 0], geometry.to_source(rows)[:, 1]
