"""Values of options as every command line reads them; argparse prints what is wrong with one."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Callable

from models.input_size import fitting_side
from models.spec import STRIDE

_LARGEST_SIDE = 2048
"""Of the network's input: more takes more memory than machines have."""


def input_size(text: str) -> int:
    """A side of the network's input in pixels."""
    try:
        side = int(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no number of pixels; use 256 or 352") from None
    if side > _LARGEST_SIDE:
        raise ArgumentTypeError(f"{side} is too large; use {_LARGEST_SIDE} at most")
    if side != fitting_side(side):
        raise ArgumentTypeError(f"{side} is no multiple of {STRIDE}; use {fitting_side(side)}")
    return side


def number_within(least: float, most: float) -> Callable[[str], float]:
    """Reads a number from ``least`` to ``most``, which NaN is not."""

    def number(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most:
            raise ArgumentTypeError(f"{text!r} is no number from {least:g} to {most:g}")
        return value

    return number
