"""The drawing of the latencies: sound SVG, and its curve is where the figures are."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from app.bench.distribution_plot import distribution_svg
from tests.app.bench.distributions import distribution

FRAME_MS = 16.7
SVG = "{http://www.w3.org/2000/svg}"


def drawn(svg: str) -> ElementTree.Element:
    return ElementTree.fromstring(svg)


def ticks(svg: ElementTree.Element, ending: str) -> dict[str, tuple[float, float]]:
    """Where each label that ends so stands."""
    return {
        text.text: (float(text.attrib["x"]), float(text.attrib["y"]))
        for text in svg.iter(f"{SVG}text")
        if text.text and text.text.endswith(ending)
    }


def test_the_curve_crosses_one_percent_at_the_p99() -> None:
    one = distribution([5.0] * 980 + [12.0] * 15 + [40.0] * 5)
    svg = drawn(distribution_svg("title", {"mask": one}, FRAME_MS))
    (curve,) = svg.iter(f"{SVG}polyline")
    points = [tuple(map(float, point.split(","))) for point in curve.attrib["points"].split()]
    one_percent = ticks(svg, "1 %")["1 %"][1] - 4  # the label's baseline
    crossing = next(x for x, y in points if y > one_percent)
    left, right = (ticks(svg, text)[text][0] for text in ("0", "40"))
    assert (crossing - left) / (right - left) * 40 == pytest.approx(12.0, abs=0.2)
    assert points[-1][0] == pytest.approx(right, abs=0.5)


def test_names_cannot_break_the_drawing() -> None:
    lines = {"<mask> & co": distribution([1.0]), "screen": distribution([2.0])}
    svg = drawn(distribution_svg('"a" < b', lines, FRAME_MS))
    assert len(list(svg.iter(f"{SVG}polyline"))) == 2
    assert {'"a" < b', "<mask> & co", "screen"} <= {text.text for text in svg.iter(f"{SVG}text")}


def test_nothing_counted_draws_the_axes_alone() -> None:
    svg = drawn(distribution_svg("empty", {"mask": distribution([])}, FRAME_MS))
    assert "20" in ticks(svg, "20")
