"""Keeps the endoscope's screen text, patient names among it, out of what is written."""

from __future__ import annotations

from dataclasses import replace

from app.colour import Colour, in_own_components
from models.geometry import Area
from models.picture import Picture

_BLACK: Colour = (0, 0, 0)


def without_screen_text(picture: Picture, area: Area | None) -> Picture:
    """``picture`` with everything outside the endoscope's picture, ``area``, black.

    Every pixel inside is bit for bit the same; where ``area`` is everything, the result is
    ``picture`` itself. Text that the endoscope writes into its picture stays.

    Args:
        area: inside ``picture``, and of whole chroma samples. None, where it was not found yet,
            leaves nothing: a dark frame may hold nothing but text.
    """
    if area == picture.whole:
        return picture
    if area is None:
        area = Area(0, 0, 0, 0)
    hidden = replace(picture, pixels=picture.pixels.copy())
    chroma = picture.chroma_area(area)
    for plane, inside, black in zip(
        hidden.planes(),
        (area, chroma, chroma),
        in_own_components(picture, _BLACK),
        strict=True,
    ):
        bottom, right = inside.y + inside.height, inside.x + inside.width
        plane[: inside.y] = black
        plane[bottom:] = black
        plane[inside.y : bottom, : inside.x] = black
        plane[inside.y : bottom, right:] = black
    return hidden
