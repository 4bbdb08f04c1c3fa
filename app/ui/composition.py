"""What is drawn where, in device pixels: every decision that the two painters share.

Both painters only carry this out, so a picture looks the same on OpenGL and without it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.colour import Colour
from app.overlay import CASING_COLOUR, LINE_COLOUR
from app.player.settings import MarkerKind
from app.ui.layout import Pane, Viewport, cells, grown, overlap, pane
from app.ui.marker_look import MarkerLook
from app.ui.marking import Marking
from models.geometry import Area
from models.picture import Picture
from models.regions import Region

_GAP = 4
"""Between two pictures side by side, in logical pixels."""
_LINE_RADIUS = 1.5
"""Half the width of a line, in logical pixels."""
_CASING_WIDTH = 1.0
"""On each side of a line, in logical pixels."""
_FRAME_SCALE = 2
"""How much wider the lines of a frame round the endoscope's picture are."""
LEAST_SLOPE = 1e-3
"""Of the probability, in levels for each pixel of the screen; flatter counts as this steep."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """What a view shows, whatever its size."""

    picture: Picture
    source: Area
    """The part of the picture that is shown, in source pixels; of whole chroma samples."""
    marking: Marking | None
    look: MarkerLook
    viewport: Viewport


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """Outlines of constant width along the probability's level, and the tint inside them."""

    inside: Area
    """Where pixels may be inside a region; none is elsewhere."""
    window: Area
    """Where the outlines may be seen."""
    model_scale: tuple[float, float]
    """Model pixels, columns and rows, for each pixel of the screen."""
    model_start: tuple[float, float]
    """Column and row of the probability at the centre of the first pixel of ``inside``."""
    level: float
    """The probability, in [0, 255], along which the outline runs."""
    line_radius: int
    casing_radius: int
    tint: float
    """Opacity of the tint, in [0, 1]."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """One pane and what is drawn on it, in this order."""

    pane: Pane
    contour: Contour | None = None
    bars: tuple[tuple[Area, Colour], ...] = ()
    """Opaque rectangles, later ones on top; all inside ``pane.visible``."""
    tags: tuple[tuple[int, int], ...] = ()
    """x and y of the upper left corner of each text tag."""


def gap(pixel_ratio: float) -> int:
    """Between two pictures side by side, in device pixels."""
    return round(_GAP * pixel_ratio)


def compose(
    scene: Scene, width: int, height: int, pixel_ratio: float, tag_size: tuple[int, int]
) -> tuple[Drawing, ...]:
    """The drawings of a view of ``width`` x ``height`` device pixels.

    Args:
        tag_size: width and height of a text tag in device pixels.
    """
    look = scene.look
    panes = [
        pane(cell, scene.source, scene.viewport)
        for cell in cells(width, height, look.side_by_side, gap(pixel_ratio))
    ]
    marked = panes.pop()
    clean = tuple(Drawing(pane) for pane in panes)
    if scene.marking is None or not look.visible:
        return *clean, Drawing(marked)
    return *clean, _marked(marked, scene.marking, look, pixel_ratio, tag_size)


def _marked(
    pane: Pane,
    marking: Marking,
    look: MarkerLook,
    pixel_ratio: float,
    tag_size: tuple[int, int],
) -> Drawing:
    line_radius = max(round(_LINE_RADIUS * pixel_ratio), 1)
    casing_radius = line_radius + max(round(_CASING_WIDTH * pixel_ratio), 1)
    if look.kind is MarkerKind.FRAME:
        line_radius, casing_radius = _FRAME_SCALE * line_radius, _FRAME_SCALE * casing_radius
        edge = _frame_edge(marking.geometry.area, pane, casing_radius)
        inner = grown(edge, -casing_radius)
        return Drawing(
            pane, None, _rings([edge], pane, line_radius, casing_radius), ((inner.x, inner.y),)
        )
    boxes = [_on_screen(region, pane) for region in marking.regions]
    tags = tuple(
        _tag_corner(grown(box, casing_radius), pane.visible, tag_size)
        for box in boxes
        if _is_seen(box, pane)
    )
    if look.kind is MarkerKind.BOX:
        return Drawing(pane, None, _rings(boxes, pane, line_radius, casing_radius), tags)
    tint = look.opacity if look.kind is MarkerKind.FILL else 0.0
    return Drawing(pane, _contour(pane, marking, boxes, line_radius, casing_radius, tint), (), tags)


def _on_screen(region: Region, pane: Pane) -> Area:
    x, y = round(pane.x_of(region.x)), round(pane.y_of(region.y))
    right = round(pane.x_of(region.x + region.width))
    bottom = round(pane.y_of(region.y + region.height))
    return Area(x, y, right - x, bottom - y)


def _frame_edge(area: Area, pane: Pane, casing_radius: int) -> Area:
    """Beside the endoscope's picture where there is room, else on its border."""
    beside = grown(_centres_in(area, pane), casing_radius)
    return overlap(beside, grown(pane.visible, -casing_radius))


def _is_seen(box: Area, pane: Pane) -> bool:
    seen = overlap(grown(box, 1), pane.visible)
    return seen.width > 0 and seen.height > 0


def _rings(
    boxes: list[Area], pane: Pane, line_radius: int, casing_radius: int
) -> tuple[tuple[Area, Colour], ...]:
    """Lines along the edges of ``boxes``; no casing lies on another box's line."""
    bars = [
        (overlap(bar, pane.visible), colour)
        for radius, colour in ((casing_radius, CASING_COLOUR), (line_radius, LINE_COLOUR))
        for box in boxes
        for bar in _ring(box, radius)
    ]
    return tuple((bar, colour) for bar, colour in bars if bar.width > 0 and bar.height > 0)


def _ring(box: Area, radius: int) -> tuple[Area, Area, Area, Area]:
    outer = grown(box, radius)
    width = 2 * radius
    return (
        Area(outer.x, outer.y, outer.width, width),
        Area(outer.x, box.y + box.height - radius, outer.width, width),
        Area(outer.x, outer.y, width, outer.height),
        Area(box.x + box.width - radius, outer.y, width, outer.height),
    )


def _tag_corner(marker: Area, visible: Area, tag_size: tuple[int, int]) -> tuple[int, int]:
    """Above the marker; below it where there is no room; in no case off the picture."""
    width, height = tag_size
    y = marker.y - height
    if y < visible.y:
        y = marker.y + marker.height
    lowest = visible.y + visible.height - height
    rightmost = visible.x + visible.width - width
    return max(min(marker.x, rightmost), visible.x), max(min(y, lowest), visible.y)


def _contour(
    pane: Pane,
    marking: Marking,
    boxes: list[Area],
    line_radius: int,
    casing_radius: int,
    tint: float,
) -> Contour | None:
    geometry = marking.geometry
    area = geometry.area
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right = max(box.x + box.width for box in boxes)
    bottom = max(box.y + box.height for box in boxes)
    # A region's outline runs between the centres of its last pixel and of the next one.
    source_pixel = math.ceil(
        max(pane.placed.width / pane.source.width, pane.placed.height / pane.source.height)
    )
    regions = grown(Area(left, top, right - left, bottom - top), source_pixel + 1)
    # Beyond what is visible as far as an outline is wide: the picture's edge is none of a region.
    near = grown(pane.visible, casing_radius)
    inside = overlap(overlap(regions, near), _centres_in(area, pane))
    window = overlap(grown(inside, casing_radius), pane.visible)
    if 0 in (inside.width, inside.height, window.width, window.height):
        return None
    model_scale = (
        pane.source.width / pane.placed.width * geometry.model_width / area.width,
        pane.source.height / pane.placed.height * geometry.model_height / area.height,
    )
    model_start = (
        (inside.x + 0.5 - pane.x_of(area.x)) * model_scale[0] - 0.5,
        (inside.y + 0.5 - pane.y_of(area.y)) * model_scale[1] - 0.5,
    )
    return Contour(
        inside,
        window,
        model_scale,
        model_start,
        # Half a level below: interpolated probabilities are rounded before they are compared.
        marking.level - 0.5,
        line_radius,
        casing_radius,
        tint,
    )


def _centres_in(area: Area, pane: Pane) -> Area:
    """The pixels of the screen whose centres lie in ``area`` of the source."""
    x, y = math.ceil(pane.x_of(area.x) - 0.5), math.ceil(pane.y_of(area.y) - 0.5)
    right = math.ceil(pane.x_of(area.x + area.width) - 0.5)
    bottom = math.ceil(pane.y_of(area.y + area.height) - 0.5)
    return Area(x, y, right - x, bottom - y)
