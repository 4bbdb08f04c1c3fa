"""What covers the wall: mucosa, blood vessels, mucus, bubbles and what is left of a meal."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from app.sources.phantom_scene.noise import FloatArray, fractal_noise, periodic_noise

PINK = (0.56, 0.150, 0.092)
ORANGE = (0.58, 0.168, 0.062)
VESSEL = (0.38, 0.040, 0.026)
DEEP_VESSEL = (0.30, 0.070, 0.060)
LIQUID = (0.40, 0.19, 0.030)
FOAM = (0.62, 0.42, 0.25)
DEBRIS = (0.50, 0.28, 0.04)
VESSEL_STEP = 7.0
"""Texels from one bend of a vessel to the next."""
THINNEST_FORK = 0.55
"""Width in texels below which a vessel no longer forks."""
WRAP = 192
"""Margin in texels on which strokes may run over the edge before they are folded back."""


def _fold_back(canvas: NDArray[np.uint8], shape: tuple[int, int]) -> NDArray[np.uint8]:
    """Takes the margins of ``canvas`` to the other side, so that the picture tiles."""
    rows, columns = shape
    canvas = canvas.copy()
    canvas[rows : rows + WRAP] = np.maximum(canvas[rows : rows + WRAP], canvas[:WRAP])
    canvas[WRAP : 2 * WRAP] = np.maximum(canvas[WRAP : 2 * WRAP], canvas[rows + WRAP :])
    canvas[:, columns : columns + WRAP] = np.maximum(
        canvas[:, columns : columns + WRAP], canvas[:, :WRAP]
    )
    canvas[:, WRAP : 2 * WRAP] = np.maximum(canvas[:, WRAP : 2 * WRAP], canvas[:, columns + WRAP :])
    return canvas[WRAP : WRAP + rows, WRAP : WRAP + columns]


def _vessels(
    rng: np.random.Generator, shape: tuple[int, int], count: int, width: float, length: float
) -> FloatArray:
    """Vessels that meander and fork until they are too thin to see: (rows, columns) in [0, 1].

    ``width`` and ``length`` are those of the ``count`` trunks, in texels.
    """
    canvas = np.zeros((shape[0] + 2 * WRAP, shape[1] + 2 * WRAP), np.uint8)
    start = WRAP + rng.random((count, 2)) * (shape[1], shape[0])
    heading = rng.uniform(0.0, 2.0 * np.pi, count)
    widths = width * rng.uniform(0.7, 1.2, count)
    while len(widths) > 0:
        steps = max(round(length / VESSEL_STEP), 2)
        turns = heading[:, None] + np.cumsum(rng.normal(0.0, 0.22, (len(widths), steps)), axis=1)
        strides = VESSEL_STEP * np.stack([np.cos(turns), np.sin(turns)], axis=-1)
        paths = start[:, None] + np.cumsum(strides, axis=1)
        points = np.round(16.0 * np.concatenate([start[:, None], paths], axis=1)).astype(np.int32)
        thickness = np.maximum(np.round(widths), 1.0).astype(int)
        strength = np.clip(90.0 + 60.0 * widths.mean(), 0.0, 255.0)
        for thick in np.unique(thickness).tolist():
            strokes = list(points[thickness == thick])
            cv2.polylines(canvas, strokes, False, float(strength), thick, cv2.LINE_AA, 4)
        forks = np.tile(widths >= THINNEST_FORK, 2)
        side = np.repeat((-1.0, 1.0), len(widths)) * rng.uniform(0.25, 0.75, 2 * len(widths))
        heading = (np.tile(turns[:, -1], 2) + side)[forks]
        start = np.tile(paths[:, -1], (2, 1))[forks]
        widths = (np.tile(widths, 2) * rng.uniform(0.6, 0.85, 2 * len(widths)))[forks]
        length *= 0.7
    return _fold_back(canvas, shape).astype(np.float32) / np.float32(255.0)


def _spots(
    rng: np.random.Generator, shape: tuple[int, int], count: int, largest: float
) -> FloatArray:
    """Scattered small blots: (rows, columns) float32 in [0, 1]."""
    canvas = np.zeros((shape[0] + 2 * WRAP, shape[1] + 2 * WRAP), np.uint8)
    for _ in range(count):
        centre = WRAP + rng.random(2) * (shape[1], shape[0])
        for _ in range(int(rng.integers(1, 6))):
            at = np.round(16.0 * (centre + rng.normal(0.0, largest, 2))).astype(int)
            radius = np.round(16.0 * largest * rng.uniform(0.15, 1.0, 2) ** 2 + 16.0).astype(int)
            cv2.ellipse(
                canvas, at.tolist(), radius.tolist(), rng.uniform(0, 180), 0, 360,
                int(rng.integers(120, 255)), -1, cv2.LINE_AA, 4,
            )  # fmt: skip
    return _fold_back(canvas, shape).astype(np.float32) / np.float32(255.0)


def _bubbles(
    rng: np.random.Generator, liquid: FloatArray, clusters: int
) -> tuple[FloatArray, FloatArray]:
    """Foam on the shores of ``liquid``: the rims, in [0, 1], and the height of the domes."""
    shape = liquid.shape
    rims = np.zeros((shape[0] + 2 * WRAP, shape[1] + 2 * WRAP), np.uint8)
    domes = np.zeros_like(rims)
    shores = np.argwhere((liquid > 0.05) & (liquid < 0.95))
    if len(shores) == 0:
        return np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    for _ in range(clusters):
        row, column = WRAP + shores[rng.integers(len(shores))]
        for _ in range(int(rng.integers(2, 10))):
            at_x, at_y = rng.normal((column, row), 14.0)
            radius = float(rng.uniform(2.0, 9.0))
            centre = (round(16.0 * at_x), round(16.0 * at_y))
            cv2.circle(rims, centre, round(16.0 * radius), 255, 1, cv2.LINE_AA, 4)
            for layer in range(1, 9):
                inner = radius * np.sqrt(1.0 - (layer / 9.0) ** 2)
                cv2.circle(domes, centre, round(16.0 * inner), 28 * layer, -1, cv2.LINE_AA, 4)
    scale = np.float32(1.0 / 255.0)
    return _fold_back(rims, shape) * scale, _fold_back(domes, shape) * scale


def paint_polyp_surface(rng: np.random.Generator) -> NDArray[np.uint8]:
    """A tile of what covers polyps, (256, 256, 3) uint8: redness, brightness, wet film's height."""
    shape = (256, 256)
    pits = np.abs(periodic_noise(rng, shape, (44, 44)))
    patches = fractal_noise(rng, shape, (7, 7), 3)
    vessels = cv2.GaussianBlur(_vessels(rng, shape, 26, 1.4, 40.0), (0, 0), 0.8)
    redness = 0.35 + 0.16 * patches + 0.14 * (0.8 - pits) + 0.5 * vessels
    brightness = 0.5 + 0.06 * pits + 0.05 * patches - 0.25 * vessels
    film = 0.5 + 0.10 * fractal_noise(rng, shape, (16, 16), 3)
    tile = np.stack([redness, brightness, film], axis=-1)
    return np.clip(255.0 * tile, 0.0, 255.0).astype(np.uint8)


def _blend(image: FloatArray, colour: tuple[float, float, float], weight: FloatArray) -> None:
    """Mixes ``colour`` into ``image`` (rows, columns, 3), by ``weight`` in [0, 1], in place."""
    image += weight.astype(np.float32)[..., None] * (np.array(colour, np.float32) - image)


def paint_mucosa(
    rng: np.random.Generator, shape: tuple[int, int], liquid: FloatArray
) -> tuple[NDArray[np.uint8], FloatArray]:
    """Paints one period of the wall; ``liquid`` (rows, columns) in [0, 1] says where fluid stands.

    Gives linear RGB reflectance, (rows, columns, 3) uint8, and the thickness of the wet film,
    (rows, columns) float32, deviation about 1.
    """
    tone = periodic_noise(rng, shape, (14, 3))
    cloud = fractal_noise(rng, shape, (60, 20), 3)
    image = np.empty((*shape, 3), np.float32)
    image[:] = PINK
    _blend(image, ORANGE, np.clip(0.5 + 0.5 * tone, 0.0, 1.0))
    image *= (1.0 + 0.06 * cloud)[..., None]

    visible = 0.5 + np.float32(0.4) * periodic_noise(rng, shape, (24, 8))
    np.clip(visible, 0.1, 0.9, out=visible)
    deep = cv2.GaussianBlur(_vessels(rng, shape, 220, 4.0, 150.0), (0, 0), 2.5)
    _blend(image, DEEP_VESSEL, 0.8 * visible * deep)
    fine = cv2.GaussianBlur(_vessels(rng, shape, 1500, 1.8, 60.0), (0, 0), 0.8)
    _blend(image, VESSEL, 0.9 * visible * fine)

    _blend(image, LIQUID, 0.6 * liquid)
    rims, domes = _bubbles(rng, liquid, 90)
    _blend(image, FOAM, 0.55 * rims)
    debris = _spots(rng, shape, 130, 4.0)
    _blend(image, DEBRIS, 0.7 * debris)
    patches = np.clip(0.55 + 0.5 * fractal_noise(rng, shape, (70, 18), 2), 0.12, 1.5)
    film = fractal_noise(rng, shape, (340, 90), 3) * patches * (1.0 - 0.9 * liquid)
    pixels = np.clip(image * 255.0 + 0.5, 0.0, 255.0).astype(np.uint8)
    return pixels, (film + 1.5 * debris + 3.0 * domes).astype(np.float32)
