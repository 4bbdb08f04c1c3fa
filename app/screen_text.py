"""Keeps the endoscope's screen text, patient names among it, out of what is written."""

from __future__ import annotations

from dataclasses import replace

from app.planes import Colour, in_own_components, planes
from models.geometry import Area
from models.picture import Picture

_BLACK: Colour = (0, 0, 0)


def without_screen_text(picture: Picture, area: Area | None) -> Picture:
    """``picture`` with everything outside the endoscope's picture, ``area``, black.

    Every pixel inside is bit for bit the same; where ``area`` is everything, the result is
    ``picture`` itself. Text that the endoscope writes into its picture stays.

    Args:
        area: inside ``picture``; for 4:2:0 formats all four numbers are even. None, where it was
            not found yet, leaves nothing: a dark frame may hold nothing but text.
    """
    if area == Area(0, 0, picture.width, picture.height):
        return picture
    if area is None:
        area = Area(0, 0, 0, 0)
    hidden = replace(picture, pixels=picture.pixels.copy())
    for plane, black in zip(planes(hidden), in_own_components(picture, _BLACK), strict=True):
        step = picture.height // plane.shape[0]
        top, bottom = area.y // step, (area.y + area.height) // step
        left, right = area.x // step, (area.x + area.width) // step
        plane[:top] = black
        plane[bottom:] = black
        plane[top:bottom, :left] = black
        plane[top:bottom, right:] = black
    return hidden
