"""Random changes of an image and its mask that leave the answer true.

Every function takes its random generator and changes nothing that it was given. Images are
(H, W, 3) uint8 RGB, masks (H, W) uint8 of 0 and 255.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from models.training.frames import MIDDLE_GREY, squared

Image = NDArray[np.uint8]
Augment = Callable[[Image, Image, int, Generator], tuple[Image, Image]]
"""Image, mask, size of the result, generator; gives image and mask of that size."""


def resize_alone(image: Image, mask: Image, size: int, rng: Generator) -> tuple[Image, Image]:
    """No change but of size: the recipe of the paper's second protocol."""
    return squared(image, size), _binary(squared(mask, size))


def flip_and_rotate(image: Image, mask: Image, size: int, rng: Generator) -> tuple[Image, Image]:
    """Reflections and any angle: the recipe of the paper's first protocol."""
    matrix = _affine(image.shape[0], size, rng, scales=(1.0, 1.0), largest_shift=0.0)
    return _warped(image, mask, matrix, size, cv2.BORDER_CONSTANT)


def strong(image: Image, mask: Image, size: int, rng: Generator) -> tuple[Image, Image]:
    """Place, colour, light, focus, compression and gloss, all within what endoscopes show."""
    return _as_endoscopes_show(image, mask, size, rng, scales=(0.8, 1.6))


def stronger(image: Image, mask: Image, size: int, rng: Generator) -> tuple[Image, Image]:
    """``strong`` with polyps half as wide too, lamps off the axis and cameras of few pixels."""
    image, mask = _as_endoscopes_show(image, mask, size, rng, scales=(0.5, 1.6))
    if rng.random() < 0.3:
        image = _shaded(image, rng)
    if rng.random() < 0.3:
        image = _coarse(image, rng)
    return image, mask


def _as_endoscopes_show(
    image: Image, mask: Image, size: int, rng: Generator, scales: tuple[float, float]
) -> tuple[Image, Image]:
    matrix = _affine(image.shape[0], size, rng, scales, largest_shift=0.12)
    border = cv2.BORDER_REFLECT_101 if rng.random() < 0.25 else cv2.BORDER_CONSTANT
    image, mask = _warped(image, mask, matrix, size, border)
    image = _recoloured(image, rng)
    if rng.random() < 0.2:
        image = _glossy(image, rng)
    if rng.random() < 0.15:
        image = _covered(image, rng)
    if rng.random() < 0.3:
        image = _defocused(image, rng)
    if rng.random() < 0.25:
        noise = rng.normal(0.0, rng.uniform(2.0, 12.0), image.shape)
        image = np.clip(image + noise, 0.0, 255.0).astype(np.uint8)
    if rng.random() < 0.3:
        image = _compressed(image, int(rng.integers(15, 80)))
    return image, mask


def _affine(
    side: int, size: int, rng: Generator, scales: tuple[float, float], largest_shift: float
) -> NDArray[np.float64]:
    """The 2x3 matrix from a (side, side) image to (size, size): reflection, turn, scale, shift.

    Scale and stretch are drawn evenly over their logarithms. Every second picture turns by any
    angle, the others by a little, since cameras are seldom upside down.
    """
    any_angle = rng.random() < 0.5
    angle = rng.uniform(0.0, 2 * np.pi) if any_angle else rng.normal(0.0, 0.15)
    smallest, largest = np.log(scales)
    scale = np.exp(rng.uniform(smallest, largest)) * size / side
    stretch = np.exp(rng.uniform(smallest, largest) / 4)
    reflect = rng.choice((-1.0, 1.0), 2)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = turn @ np.diag([scale * stretch * reflect[0], scale / stretch * reflect[1]])
    shift = rng.uniform(-largest_shift, largest_shift, 2) * size
    centre = np.full(2, (size - 1) / 2) + shift - linear @ np.full(2, (side - 1) / 2)
    return np.column_stack([linear, centre])


def _warped(
    image: Image, mask: Image, matrix: NDArray[np.float64], size: int, border: int
) -> tuple[Image, Image]:
    shrink = float(np.sqrt(abs(np.linalg.det(matrix[:, :2]))))
    if shrink < 0.75:
        # A warp reads four neighbours alone; without this, fine texture would alias.
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), 0.45 / shrink), np.uint8)
    warped = cv2.warpAffine(image, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border)
    warped_mask = cv2.warpAffine(
        mask, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=border
    )
    return np.asarray(warped, np.uint8), _binary(warped_mask)


def _binary(mask: NDArray[np.generic]) -> Image:
    return np.where(np.asarray(mask) > MIDDLE_GREY, np.uint8(255), np.uint8(0))


def _recoloured(image: Image, rng: Generator) -> Image:
    """Gain of each channel, contrast, gamma and saturation, in one table and one matrix."""
    levels = np.arange(256) / 255.0
    gamma = np.exp(rng.normal(0.0, 0.25))
    brightness = np.exp(rng.normal(0.0, 0.2))
    gains = np.exp(rng.normal(0.0, 0.08, 3))
    table = np.clip(levels[:, None] ** gamma * brightness * gains, 0.0, 1.0) * 255.0
    shaped = cv2.LUT(image, table.astype(np.uint8)[None])
    saturation, angle = np.exp(rng.normal(0.0, 0.25)), rng.normal(0.0, 0.12)
    luma = np.array([0.299, 0.587, 0.114])
    # Turning colour around the grey axis changes hue alone.
    axis = np.ones(3) / np.sqrt(3)
    cross = np.array(
        [[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]], dtype=np.float64
    )
    hue = np.eye(3) * np.cos(angle) + np.sin(angle) * cross
    hue += (1 - np.cos(angle)) * np.outer(axis, axis)
    saturate = saturation * np.eye(3) + (1 - saturation) * np.outer(np.ones(3), luma)
    return np.asarray(cv2.transform(shaped, saturate @ hue), np.uint8)


def _glossy(image: Image, rng: Generator) -> Image:
    """White reflections of the lamp on wet mucosa."""
    size = image.shape[0]
    light = np.zeros(image.shape[:2], np.float32)
    for _ in range(int(rng.integers(1, 12))):
        centre = tuple(int(value) for value in rng.integers(0, size, 2))
        axes = tuple(int(value) for value in rng.integers(1, max(2, size // 30), 2))
        cv2.ellipse(light, centre, axes, float(rng.uniform(0, 180)), 0, 360, 1.0, -1)
    glow = np.asarray(cv2.GaussianBlur(light, (0, 0), float(rng.uniform(0.6, 2.0))))[:, :, None]
    return np.asarray(image + (255.0 - image) * glow * rng.uniform(0.6, 1.0), np.uint8)


def _covered(image: Image, rng: Generator) -> Image:
    """A rectangle of one colour, as an endoscope's own text and thumbnails are."""
    size = image.shape[0]
    height, width = rng.integers(size // 16, size // 4, 2)
    top, left = rng.integers(0, size - height), rng.integers(0, size - width)
    covered = image.copy()
    covered[top : top + height, left : left + width] = rng.integers(0, 256, 3)
    return covered


def _defocused(image: Image, rng: Generator) -> Image:
    size = image.shape[0]
    if rng.random() < 0.5:
        sigma = float(np.exp(rng.uniform(np.log(0.5), np.log(4.0)))) * size / 224
        return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma), np.uint8)
    length = int(rng.integers(3, max(4, size // 16)))
    line = np.zeros((length, length), np.float32)
    line[length // 2] = 1.0
    centre = ((length - 1) / 2, (length - 1) / 2)
    turn = cv2.getRotationMatrix2D(centre, float(rng.uniform(0, 180)), 1.0)
    kernel = cv2.warpAffine(line, turn, (length, length))
    return np.asarray(cv2.filter2D(image, -1, kernel / np.sum(kernel)), np.uint8)


def _shaded(image: Image, rng: Generator) -> Image:
    """Lit from one side: a third to three times as bright on one edge as on the other."""
    size = image.shape[0]
    across = np.linspace(-1.0, 1.0, size, dtype=np.float32)
    angle = rng.uniform(0.0, 2 * np.pi)
    slope = np.cos(angle) * across[None, :] + np.sin(angle) * across[:, None]
    light = np.exp(rng.uniform(0.0, 0.55) * slope)[:, :, None]
    return np.asarray(np.clip(image * light, 0.0, 255.0), np.uint8)


def _coarse(image: Image, rng: Generator) -> Image:
    """As a camera of two thirds to a quarter of the pixels a side would have seen it."""
    size = image.shape[0]
    fewer = max(1, round(size / float(rng.uniform(1.5, 4.0))))
    small = cv2.resize(image, (fewer, fewer), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)


def _compressed(image: Image, quality: int) -> Image:
    blue_first = image[:, :, ::-1]
    _, encoded = cv2.imencode(".jpg", blue_first, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB), np.uint8)


AUGMENTATIONS: dict[str, Augment] = {
    "none": resize_alone,
    "flip-and-rotate": flip_and_rotate,
    "strong": strong,
    "stronger": stronger,
}
