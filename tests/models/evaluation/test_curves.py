from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.curves import Axis, curve_svg, threshold_curve
from models.evaluation.predictions import Prediction
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


def test_names_are_escaped_in_the_drawing() -> None:
    drawing = curve_svg(Axis("a < b"), Axis("up"), {"x & y": ([0.0, 1.0], [0.0, 1.0])})
    assert "a &lt; b" in drawing
    assert "x &amp; y" in drawing


def test_a_point_lies_where_its_axes_say() -> None:
    """The drawing's plot is 460x260, 50 from each side; dots mark few points, never many."""
    drawing = curve_svg(Axis("ms", 100, 300), Axis("Dice", 0.6, 0.9), {"a": ([200.0], [0.6])})
    assert '<circle cx="280.0" cy="310.0"' in drawing
    assert ">300<" in drawing and ">0.6<" in drawing
    many = [0.5] * 50
    assert "<circle" not in curve_svg(Axis("x"), Axis("y"), {"a": (many, many)})
