"""Draws how many frames took longer than how long."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app.bench.latencies import Distribution
from models.svg_text import svg_text

_WIDTH, _HEIGHT, _MARGIN = 720, 420, 60
_BOTTOM, _RIGHT = _HEIGHT - _MARGIN, _WIDTH - _MARGIN
_COLOURS = ("#1b6ca8", "#c8553d")
_DECADES = 4
"""Shares from 1 down to 0.0001."""
_TICKS = 8


@dataclass(frozen=True, slots=True)
class _Scale:
    """Milliseconds across, shares upward."""

    step_ms: float
    """From one tick to the next."""
    ticks: int

    def across(self, duration_ms: float) -> float:
        return _MARGIN + duration_ms / (self.step_ms * self.ticks) * (_RIGHT - _MARGIN)

    def upward(self, share: float) -> float:
        decades_down = -math.log10(share) if share > 10**-_DECADES else _DECADES
        return _MARGIN + decades_down / _DECADES * (_BOTTOM - _MARGIN)


def distribution_svg(title: str, lines: Mapping[str, Distribution], frame_ms: float) -> str:
    """Milliseconds across, the share of frames that took longer upward on a logarithmic scale.

    So the curve of each line, two at most, crosses 1 % at its p99 and ends at its worst. A dashed
    line stands at one frame time.
    """
    worst_ms = max(frame_ms, *(distribution.summary().worst for distribution in lines.values()))
    step_ms = _round_step(worst_ms / _TICKS)
    scale = _Scale(step_ms, math.ceil(worst_ms / step_ms))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{_HEIGHT}" '
        'font-family="sans-serif" font-size="12">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        svg_text(_WIDTH / 2, 20, title),
        svg_text(_WIDTH / 2, _HEIGHT - 14, "milliseconds after the frame was captured"),
        svg_text(_MARGIN + 50, _MARGIN - 14, "share of frames that took longer"),
        *_grid(scale, frame_ms),
    ]
    for place, (name, distribution) in enumerate(lines.items()):
        colour = _COLOURS[place]
        parts.append(_curve(scale, distribution, colour))
        parts.append(svg_text(_RIGHT - 90, _MARGIN + 18 + 16 * place, name, colour))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 times a power of ten that is not below ``least``."""
    power = 10.0 ** math.floor(math.log10(least))
    return next(each * power for each in (1, 2, 5, 10) if each * power >= least * 0.999)


def _grid(scale: _Scale, frame_ms: float) -> list[str]:
    parts = []
    for number in range(scale.ticks + 1):
        x = scale.across(number * scale.step_ms)
        parts.append(_line(x, _MARGIN, x, _BOTTOM))
        parts.append(svg_text(x, _BOTTOM + 18, f"{number * scale.step_ms:g}"))
    for decade in range(_DECADES + 1):
        y = scale.upward(10**-decade)
        parts.append(_line(_MARGIN, y, _RIGHT, y))
        parts.append(svg_text(_MARGIN - 28, y + 4, f"{100 / 10**decade:g} %"))
    x = scale.across(frame_ms)
    parts.append(_line(x, _MARGIN, x, _BOTTOM, 'stroke="#444" stroke-dasharray="5 4"'))
    parts.append(svg_text(x + 34, _MARGIN + 18, "one frame", "#444"))
    return parts


def _curve(scale: _Scale, distribution: Distribution, colour: str) -> str:
    """A staircase: the share falls where frames end, and is level between."""
    points = [f"{scale.across(0):.1f},{scale.upward(1):.1f}"]
    share_before = 1.0
    for duration_ms, share in zip(*distribution.slower_shares(), strict=True):
        x = scale.across(duration_ms)
        points.append(f"{x:.1f},{scale.upward(share_before):.1f}")
        points.append(f"{x:.1f},{scale.upward(share):.1f}")
        share_before = float(share)
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>'


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str = 'stroke="#ddd"') -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {stroke}/>'
