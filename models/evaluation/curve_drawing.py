"""Draws lines between two axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.svg_text import svg_text

COLOURS = ("#1b6ca8", "#c8553d", "#3d8c40", "#7b4fa3", "#b8860b", "#444444", "#008080")
WIDTH, HEIGHT, MARGIN = 560, 360, 50
DOTS = 20
"""Lines of at most so many points show each of them."""


@dataclass(frozen=True, slots=True)
class Axis:
    """What a drawing's axis shows, and from where to where."""

    title: str
    low: float = 0.0
    high: float = 1.0

    def share(self, value: float) -> float:
        """How far along the axis ``value`` lies, in [0, 1]."""
        return (value - self.low) / (self.high - self.low)


def curve_svg(
    across: Axis, upward: Axis, lines: Mapping[str, tuple[Sequence[float], Sequence[float]]]
) -> str:
    """A drawing as SVG; ``lines`` gives, by name, positions across and upward."""
    plot_width, plot_height = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN

    def point(x: float, y: float) -> str:
        return f"{MARGIN + x * plot_width:.1f},{HEIGHT - MARGIN - y * plot_height:.1f}"

    def label(axis: Axis, tick: float) -> str:
        return f"{axis.low + tick * (axis.high - axis.low):.3g}"

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for tick in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0):
        parts += [
            f'<polyline points="{point(tick, 0)} {point(tick, 1)}" stroke="#ddd"/>',
            f'<polyline points="{point(0, tick)} {point(1, tick)}" stroke="#ddd"/>',
            svg_text(MARGIN + tick * plot_width, HEIGHT - MARGIN + 16, label(across, tick)),
            svg_text(MARGIN - 18, HEIGHT - MARGIN - tick * plot_height + 4, label(upward, tick)),
        ]
    for number, (name, (xs, ys)) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        places = [(across.share(x), upward.share(y)) for x, y in zip(xs, ys, strict=True)]
        points = " ".join(point(x, y) for x, y in places)
        parts += [
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2"/>',
            *(_dot(point(x, y), colour) for x, y in places if len(places) <= DOTS),
            svg_text(MARGIN + plot_width / 2, HEIGHT - MARGIN - 8 - 15 * number, name, colour),
        ]
    parts += [
        svg_text(MARGIN + plot_width / 2, HEIGHT - 12, across.title),
        svg_text(MARGIN, MARGIN - 12, upward.title),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _dot(place: str, colour: str) -> str:
    x, y = place.split(",")
    return f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'
