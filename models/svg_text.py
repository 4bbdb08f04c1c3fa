"""Text in drawings."""

from __future__ import annotations

from html import escape


def svg_text(x: float, y: float, text: str, colour: str = "#333") -> str:
    """An SVG element that shows ``text`` as it is, its middle at ``x``, its base line at ``y``."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="middle">{escape(text)}</text>'
    )
