from __future__ import annotations

from models.evaluation.curve_drawing import Axis, curve_svg


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
