"""Between a frame's whole ticks and its seconds, which are a float."""

from __future__ import annotations

from fractions import Fraction
from math import ceil


def seconds(ticks: int, time_base: Fraction) -> float:
    """The float nearest to the time of ``ticks``, of ``time_base`` seconds each."""
    return ticks * time_base.numerator / time_base.denominator


def first_not_before(pts_s: float, time_base: Fraction) -> int:
    """The fewest ticks whose ``seconds`` are not below ``pts_s``."""
    ticks = ceil(Fraction(pts_s) / time_base)
    # ``pts_s`` may be the float just above the exact time of a frame.
    return ticks - 1 if seconds(ticks - 1, time_base) >= pts_s else ticks
