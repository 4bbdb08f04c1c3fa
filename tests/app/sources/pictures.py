"""Small image files for tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

FORMATS = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")


def quadrants(width: int = 40, height: int = 24) -> NDArray[np.uint8]:
    """(height, width, 3) RGB: red, green, blue and white quarters, row by row from the top left."""
    pixels = np.empty((height, width, 3), np.uint8)
    top, left = height // 2, width // 2
    pixels[:top, :left] = (255, 0, 0)
    pixels[:top, left:] = (0, 255, 0)
    pixels[top:, :left] = (0, 0, 255)
    pixels[top:, left:] = 255
    return pixels


def write_image(path: Path, pixels: NDArray[np.uint8] | None = None) -> Path:
    """Writes ``pixels``, or the quadrants, in the format of the suffix, with no loss if it can."""
    image = Image.fromarray(quadrants() if pixels is None else pixels)
    if path.suffix in (".jpg", ".jpeg"):
        image.save(path, quality=100, subsampling=0)
    elif path.suffix == ".webp":
        image.save(path, lossless=True)
    else:
        image.save(path)
    return path
