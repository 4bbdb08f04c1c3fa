"""The marked regions of one frame: what is drawn, written to the table and counted.

Where there is no polyp the network seldom is sure of more than a few pixels. So a region has to
have a core, a part of some area on which the probability is well above the threshold that draws its
outline: hysteresis (Canny 1986), whose upper threshold is asked of an area.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from models.geometry import Geometry, core_threshold, least_level, probability_on_source
from models.segmentation import Segmentation


@dataclass(frozen=True, slots=True)
class Region:
    """One connected region, in whole source pixels; the box is its tightest."""

    x: int
    y: int
    width: int
    height: int
    area_px: int
    """How many pixels are marked, at most ``width * height``."""
    peak_probability: float
    """In [0, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class Findings:
    """What is marked on one frame, and what the network was surest of."""

    mask: NDArray[np.uint8]
    """(source height, source width), 255 where marked and 0 elsewhere."""
    regions: tuple[Region, ...]
    """Largest first; of equal ones the upper, then the left one first."""
    area_share: float
    """Marked part of the endoscope's picture, in [0, 1]."""
    peak_probability: float
    """The largest probability anywhere on the frame, marked or not, in [0, 1]."""


def find_regions(
    segmentation: Segmentation, threshold: float, least_area: float, core_margin: float = 0.0
) -> Findings:
    """Connected regions (diagonals touch) of pixels that reach ``threshold``, if they have a core.

    Args:
        threshold: probability in [0, 1]; pixels of probability 0 are never marked.
        least_area: regions with a core below this share, in [0, 1], of the endoscope's picture are
            dropped, as are those without any.
        core_margin: the core reaches the probability whose logit lies this far above the
            threshold's; so it moves with the threshold. At 0 the core is the region.
    """
    probability, geometry = segmentation.probability, segmentation.geometry
    level = least_level(threshold)
    mask = np.zeros((geometry.source_height, geometry.source_width), np.uint8)
    peak = int(probability.max())
    if peak < level:
        return Findings(mask, (), 0.0, peak / 255)

    window = _window(probability >= level, geometry)
    source = probability_on_source(probability, geometry)[window]
    reached = np.asarray(cv2.threshold(source, level - 1, 255, cv2.THRESH_BINARY)[1], np.uint8)
    label_map, statistics = _components(reached)
    picture_px = geometry.area.width * geometry.area.height
    least_core_px = max(1.0, least_area * picture_px)
    core_level = least_level(core_threshold(threshold, core_margin))
    kept = np.zeros(len(statistics) + 1, np.uint8)

    regions = []
    for label in np.flatnonzero(statistics[:, cv2.CC_STAT_AREA] >= least_core_px) + 1:
        left, top, width, height, area_px = statistics[label - 1].tolist()
        box = np.s_[top : top + height, left : left + width]
        levels = source[box][label_map[box] == label]
        if np.count_nonzero(levels >= core_level) < least_core_px:
            continue
        kept[label] = 1
        x, y = left + window[1].start, top + window[0].start
        regions.append(Region(x, y, width, height, area_px, int(levels.max()) / 255))
    if len(regions) < len(statistics):
        reached = kept[label_map] * np.uint8(255)
    mask[window] = reached
    regions.sort(key=lambda region: (-region.area_px, region.y, region.x))
    marked_px = sum(region.area_px for region in regions)
    return Findings(mask, tuple(regions), marked_px / picture_px, peak / 255)


def _window(marked: NDArray[np.bool_], geometry: Geometry) -> tuple[slice, slice]:
    """Source rows and columns that hold whatever interpolation makes of the ``marked`` pixels."""
    left, top, width, height = cv2.boundingRect(marked.astype(np.uint8))
    # Interpolation carries a pixel's value to the centres of its neighbours, and no further.
    corners = geometry.to_source(
        np.array([[left - 1, top - 1], [left + width + 1, top + height + 1]], np.float64)
    )
    area = geometry.area
    least, most = (area.x, area.y), (area.x + area.width, area.y + area.height)
    (x0, y0), (x1, y1) = (
        np.clip(np.floor(corners[0]), least, most).astype(int).tolist(),
        np.clip(np.ceil(corners[1]), least, most).astype(int).tolist(),
    )
    return slice(y0, y1), slice(x0, x1)


def _components(binary: NDArray[np.uint8]) -> tuple[NDArray[np.integer], NDArray[np.int32]]:
    """The labels, 0 where ``binary`` is 0, and OpenCV's statistics of labels 1 and up."""
    try:
        return _labelled(binary, cv2.CV_16U)
    except cv2.error:  # more components than 16 bits can number: noise, where speed is no matter
        return _labelled(binary, cv2.CV_32S)


def _labelled(
    binary: NDArray[np.uint8], label_type: int
) -> tuple[NDArray[np.integer], NDArray[np.int32]]:
    _, label_map, statistics, _ = cv2.connectedComponentsWithStats(
        binary, connectivity=8, ltype=label_type
    )
    return np.asarray(label_map), np.asarray(statistics, np.int32)[1:]
