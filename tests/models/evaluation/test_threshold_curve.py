from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.predictions import Prediction
from models.evaluation.threshold_curve import threshold_curve
from models.geometry import Area, Geometry
from models.segmentation import Segmentation, Timings


def test_a_curve_worked_out_by_hand() -> None:
    """Four pixels of levels 0, 51, 102 and 255; the first and the last two are polyp."""
    probability = np.array([[0, 51, 102, 255]], np.uint8)
    polyp = np.array([[True, False, True, True]])
    segmentation = Segmentation(
        probability, 0, Geometry(1, 4, Area(0, 0, 4, 1), 1, 4), Timings(0, 0)
    )
    curve = threshold_curve(
        [Prediction("frame", np.zeros((1, 4, 3), np.uint8), segmentation, polyp)]
    )
    at = dict(zip(np.round(np.array(curve.thresholds) * 255).astype(int), range(255), strict=True))
    assert curve.dice[at[51]] == pytest.approx(2 * 2 / (3 + 3))
    assert curve.dice[at[52]] == pytest.approx(2 * 2 / (2 + 3))
    assert curve.dice[at[255]] == pytest.approx(2 * 1 / (1 + 3))
    assert curve.precision[at[51]] == pytest.approx(2 / 3)
    assert curve.recall[at[51]] == pytest.approx(2 / 3)
    assert curve.precision[at[103]] == 1.0
    assert curve.recall[at[103]] == pytest.approx(1 / 3)
