"""Where the picture lies on the screen. All rectangles but ``source`` are in device pixels."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from models.geometry import Area

LARGEST_ZOOM = 16.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """Which part of the picture is looked at."""

    zoom: float = 1.0
    """Magnification over the fitting size, 1 to ``LARGEST_ZOOM``."""
    centre_x: float = 0.5
    """Which point of the picture is in the middle, as a share of its width, in [0, 1]."""
    centre_y: float = 0.5
    """As a share of its height."""


@dataclass(frozen=True, slots=True)
class Pane:
    """One showing of the picture: ``source``, in source pixels, stretched over ``placed``."""

    source: Area
    placed: Area
    """May reach over the window's edges."""
    visible: Area
    """The part of ``placed`` that is on the screen."""

    def x_of(self, source_x: float) -> float:
        """From the source's continuous columns, where pixel 0 spans [0, 1), to the screen's."""
        return self.placed.x + (source_x - self.source.x) * self.placed.width / self.source.width

    def y_of(self, source_y: float) -> float:
        """From the source's continuous rows to the screen's."""
        return self.placed.y + (source_y - self.source.y) * self.placed.height / self.source.height


def cells(width: int, height: int, side_by_side: bool, gap: int) -> tuple[Area, ...]:
    """The parts of the window that hold a picture each: one, or two with ``gap`` between them."""
    if not side_by_side:
        return (Area(0, 0, width, height),)
    half = max((width - gap) // 2, 1)
    return Area(0, 0, half, height), Area(width - half, 0, half, height)


def pane(cell: Area, source: Area, viewport: Viewport) -> Pane:
    """``source``, a part of the picture, in ``cell``: as large as fits, times the zoom."""
    whole = _placed(cell, source, viewport)
    source_x, source_width, x, width = _trimmed(
        source.x, source.width, whole.x, whole.width, cell.x, cell.width
    )
    source_y, source_height, y, height = _trimmed(
        source.y, source.height, whole.y, whole.height, cell.y, cell.height
    )
    placed = Area(x, y, width, height)
    return Pane(
        Area(source_x, source_y, source_width, source_height), placed, overlap(placed, cell)
    )


def zoomed(
    viewport: Viewport, cell: Area, source: Area, factor: float, anchor: tuple[float, float]
) -> Viewport:
    """Magnified by ``factor``; what lies at ``anchor``, x and y on the screen, stays there."""
    before = _placed(cell, source, viewport)
    zoom = min(max(viewport.zoom * factor, 1.0), LARGEST_ZOOM)
    growth = zoom / viewport.zoom
    x = anchor[0] - (anchor[0] - before.x) * growth
    y = anchor[1] - (anchor[1] - before.y) * growth
    moved = Viewport(
        zoom,
        (cell.x + cell.width / 2 - x) / (before.width * growth),
        (cell.y + cell.height / 2 - y) / (before.height * growth),
    )
    return _held(moved, cell, source)


def panned(viewport: Viewport, cell: Area, source: Area, x: float, y: float) -> Viewport:
    """With the picture moved by ``x`` to the right and ``y`` down, as far as it reaches."""
    placed = _placed(cell, source, viewport)
    moved = replace(
        viewport,
        centre_x=viewport.centre_x - x / placed.width,
        centre_y=viewport.centre_y - y / placed.height,
    )
    return _held(moved, cell, source)


def overlap(one: Area, other: Area) -> Area:
    """What is in both; its width or height is 0 where nothing is."""
    x, y = max(one.x, other.x), max(one.y, other.y)
    width = min(one.x + one.width, other.x + other.width) - x
    height = min(one.y + one.height, other.y + other.height) - y
    return Area(x, y, max(width, 0), max(height, 0))


def grown(area: Area, margin: int) -> Area:
    """``area`` with ``margin`` more on each side; less where it is negative."""
    return Area(area.x - margin, area.y - margin, area.width + 2 * margin, area.height + 2 * margin)


def _held(viewport: Viewport, cell: Area, source: Area) -> Viewport:
    """With a centre that leaves no gap beside a picture larger than the cell."""
    placed = _placed(cell, source, viewport)
    half_x = min(cell.width / 2 / placed.width, 0.5)
    half_y = min(cell.height / 2 / placed.height, 0.5)
    return replace(
        viewport,
        centre_x=min(max(viewport.centre_x, half_x), 1 - half_x),
        centre_y=min(max(viewport.centre_y, half_y), 1 - half_y),
    )


def _placed(cell: Area, source: Area, viewport: Viewport) -> Area:
    """Where all of ``source`` lies. Whole pixels, so that at 1:1 no sample is interpolated."""
    scale = min(cell.width / source.width, cell.height / source.height) * viewport.zoom
    width, height = max(round(source.width * scale), 1), max(round(source.height * scale), 1)
    return Area(
        _start(cell.x, cell.width, width, viewport.centre_x),
        _start(cell.y, cell.height, height, viewport.centre_y),
        width,
        height,
    )


def _start(cell_start: int, cell_length: int, length: int, centre: float) -> int:
    if length <= cell_length:
        return cell_start + (cell_length - length) // 2
    start = round(cell_start + cell_length / 2 - centre * length)
    return min(max(start, cell_start + cell_length - length), cell_start)


def _trimmed(
    source_start: int,
    source_length: int,
    start: int,
    length: int,
    cell_start: int,
    cell_length: int,
) -> tuple[int, int, int, int]:
    """Source start and length, placed start and length, of little more than the cell shows.

    So the work is bounded by the screen, however far the picture is magnified. Source pixels are
    left out in pairs, the size of a chroma sample; the kept ones move by half a screen pixel at
    most, which comes from rounding.
    """
    scale = length / source_length
    first = math.floor((cell_start - start) / scale) - 2
    last = math.ceil((cell_start + cell_length - start) / scale) + 2
    first = max(first - first % 2, 0)
    last = min(last + last % 2, source_length)
    placed_first, placed_last = round(first * scale), round(last * scale)
    return source_start + first, last - first, start + placed_first, placed_last - placed_first
