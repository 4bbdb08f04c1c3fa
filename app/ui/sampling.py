"""How densely a picture is sampled when it is shown smaller than it is."""

from __future__ import annotations

_LARGEST_STEP = 1.5
"""In source pixels; wider steps between single samples would show as flicker of fine texture."""


def samples_per_pixel(source_length: int, shown_length: int) -> int:
    """A pixel of the screen is the mean of so many bilinear samples along an axis: 1 or 2.

    Bounded, so that the work grows with the screen and not with the picture.
    """
    return 2 if source_length > _LARGEST_STEP * shown_length else 1
