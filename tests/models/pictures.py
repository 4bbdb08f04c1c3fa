"""Pictures made for the tests, and an independent way between RGB and YUV."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.picture import ColourMatrix, Picture, PixelFormat

_KR_KB = {ColourMatrix.BT601: (0.299, 0.114), ColourMatrix.BT709: (0.2126, 0.0722)}


def scene(height: int, width: int, seed: int = 0) -> NDArray[np.uint8]:
    """(height, width, 3) RGB: reddish blobs of all sizes, and some specular points."""
    random = np.random.default_rng(seed)
    image = np.full((height, width, 3), (150.0, 90.0, 70.0))
    for cells in (3, 9, 40):
        noise = random.normal(0, 28, (cells, cells, 3)).astype(np.float32)
        image += cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
    for _ in range(20):
        centre = (int(random.integers(width)), int(random.integers(height)))
        cv2.circle(image, centre, max(1, height // 100), (250, 250, 250), -1)
    return image.clip(0, 255).round().astype(np.uint8)


def as_picture(
    rgb: NDArray[np.uint8],
    pixel_format: PixelFormat,
    matrix: ColourMatrix = ColourMatrix.BT709,
    full_range: bool = False,
) -> Picture:
    """``rgb``, of even sides, in another format: the textbook's formulas, in floating point."""
    if pixel_format is PixelFormat.RGB24:
        return Picture(rgb)
    kr, kb = _KR_KB[matrix]
    red, green, blue = (rgb[..., channel] / 255 for channel in range(3))
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    blue_difference = (blue - luma) / (2 * (1 - kb))
    red_difference = (red - luma) / (2 * (1 - kr))
    black, luma_span, chroma_span = (0, 255, 255) if full_range else (16, 219, 224)
    y = _bytes(black + luma_span * luma)
    u, v = (
        _bytes(128 + chroma_span * _halved(plane)) for plane in (blue_difference, red_difference)
    )
    chroma = np.stack((u, v), axis=-1 if pixel_format is PixelFormat.NV12 else 0)
    pixels = np.concatenate((y.ravel(), chroma.ravel())).reshape(-1, rgb.shape[1])
    return Picture(pixels, pixel_format, matrix, full_range)


def decoded(picture: Picture) -> NDArray[np.uint8]:
    """The RGB of a YUV picture; chroma is interpolated, each sample centred on its four pixels."""
    kr, kb = _KR_KB[picture.matrix]
    height, width = picture.height, picture.width
    y = picture.pixels[:height].astype(np.float64)
    chroma = picture.pixels.ravel()[height * width :].astype(np.float32)
    if picture.pixel_format is PixelFormat.NV12:
        u, v = chroma.reshape(height // 2, width // 2, 2).transpose(2, 0, 1)
    else:
        u, v = chroma.reshape(2, height // 2, width // 2)
    black, luma_span, chroma_span = (0, 255, 255) if picture.full_range else (16, 219, 224)
    luma = (y - black) / luma_span
    blue_difference, red_difference = (
        np.asarray(Image.fromarray(plane).resize((width, height), Image.Resampling.BILINEAR))
        for plane in ((u - 128) / chroma_span, (v - 128) / chroma_span)
    )
    red = luma + 2 * (1 - kr) * red_difference
    blue = luma + 2 * (1 - kb) * blue_difference
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return _bytes(255 * np.stack((red, green, blue), axis=-1))


def _halved(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    height, width = plane.shape
    halved: NDArray[np.float64] = plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return halved


def _bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return values.round().clip(0, 255).astype(np.uint8)
