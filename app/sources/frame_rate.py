"""A frame rate as a person writes it."""

from __future__ import annotations

import re
from fractions import Fraction

LEAST_RATE, LARGEST_RATE = 1, 1000
"""In frames per second."""
UNKNOWN_RATE = Fraction(30)
"""Likewise: of live video that names no rate, or an impossible one."""

_RATE = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}|/[0-9]{1,9})?")
"""No exponents: working out ``1e99999999`` takes longer than anybody waits."""


def parse_rate(text: str) -> Fraction:
    """``60``, ``59.94`` or ``60000/1001``, in frames per second.

    Raises:
        ValueError: ``text`` is none of these, or no rate from ``LEAST_RATE`` to ``LARGEST_RATE``.
    """
    try:
        rate = Fraction(text) if _RATE.fullmatch(text) else Fraction(0)
    except ZeroDivisionError:
        rate = Fraction(0)
    if not LEAST_RATE <= rate <= LARGEST_RATE:
        raise ValueError(
            f"{text!r} is no rate from {LEAST_RATE} to {LARGEST_RATE} frames per second"
        )
    return rate
