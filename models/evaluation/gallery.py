"""Shows where a model fails: the worst frames of a set on one sheet.

The sheet holds patients' pictures: it stays with the report, outside the repository.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from models.evaluation.application_score import FrameScore, OperatingPoint
from models.evaluation.predictions import Prediction
from models.regions import find_regions

TILE_HEIGHT, TILE_WIDTH = 240, 320
COLUMNS = 4
TRUTH, MARK = (0, 220, 0), (255, 60, 60)
"""RGB: the polyp's true outline, and what is marked."""


def worst_first(frames: Sequence[FrameScore]) -> list[FrameScore]:
    """The frames that are not perfect, by Dice; of equal ones, those with more marked first."""
    wrong = [frame for frame in frames if frame.overlap.dice < 1]
    return sorted(wrong, key=lambda frame: (frame.overlap.dice, -frame.marked_share))


def contact_sheet(
    predictions: Sequence[Prediction], names: Sequence[str], point: OperatingPoint
) -> NDArray[np.uint8]:
    """The named predictions as tiles, (rows * 240, 1280, 3) uint8 RGB; at least one name."""
    by_name = {each.name: each for each in predictions}
    tiles = [_tile(by_name[name], point) for name in names]
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % COLUMNS)
    rows = [np.hstack(tiles[start : start + COLUMNS]) for start in range(0, len(tiles), COLUMNS)]
    return np.vstack(rows)


def _tile(prediction: Prediction, point: OperatingPoint) -> NDArray[np.uint8]:
    marked = find_regions(
        prediction.segmentation, point.threshold, point.least_area, point.core_margin
    ).mask
    size = (TILE_WIDTH, TILE_HEIGHT)
    tile = np.array(cv2.resize(prediction.image, size, interpolation=cv2.INTER_AREA), np.uint8)
    for mask, colour in ((prediction.polyp.astype(np.uint8), TRUTH), (marked, MARK)):
        small = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        outlines, _ = cv2.findContours(small, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(tile, outlines, -1, colour, 1)
    return tile
