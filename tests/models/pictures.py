"""Pictures made for the tests, and an independent way between RGB and YUV."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.picture import ColourMatrix, Picture, PixelFormat

Form = tuple[PixelFormat, ColourMatrix, bool]
"""Pixel format, matrix, and whether the range is full."""
EVERY_FORM: tuple[Form, ...] = tuple(itertools.product(PixelFormat, ColourMatrix, (False, True)))
YUV_FORMATS = tuple(each for each in PixelFormat if each.is_yuv)
PACKED_422 = (PixelFormat.YUYV422, PixelFormat.UYVY422)
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
    if pixel_format is PixelFormat.BGR24:
        return Picture(np.ascontiguousarray(rgb[..., ::-1]), pixel_format)
    kr, kb = _KR_KB[matrix]
    red, green, blue = (rgb[..., channel] / 255 for channel in range(3))
    luma = kr * red + (1 - kr - kb) * green + kb * blue
    blue_difference = (blue - luma) / (2 * (1 - kb))
    red_difference = (red - luma) / (2 * (1 - kr))
    black, luma_span, chroma_span = (0, 255, 255) if full_range else (16, 219, 224)
    y = _bytes(black + luma_span * luma)
    rows = 1 if pixel_format in PACKED_422 else 2
    u, v = (
        _bytes(128 + chroma_span * _averaged(plane, rows, 2))
        for plane in (blue_difference, red_difference)
    )
    return Picture(_stored(y, u, v, pixel_format), pixel_format, matrix, full_range)


def decoded(picture: Picture) -> NDArray[np.uint8]:
    """The RGB of a picture; chroma is interpolated, each sample centred on its pixels."""
    if picture.pixel_format is PixelFormat.RGB24:
        return picture.pixels
    if picture.pixel_format is PixelFormat.BGR24:
        return np.ascontiguousarray(picture.pixels[..., ::-1])
    kr, kb = _KR_KB[picture.matrix]
    y, u, v = (plane.astype(np.float32) for plane in _restored(picture))
    black, luma_span, chroma_span = (0, 255, 255) if picture.full_range else (16, 219, 224)
    luma = (y - black) / luma_span
    blue_difference, red_difference = (
        np.asarray(Image.fromarray(plane).resize(y.shape[::-1], Image.Resampling.BILINEAR))
        for plane in ((u - 128) / chroma_span, (v - 128) / chroma_span)
    )
    red = luma + 2 * (1 - kr) * red_difference
    blue = luma + 2 * (1 - kb) * blue_difference
    green = (luma - kr * red - kb * blue) / (1 - kr - kb)
    return _bytes(255 * np.stack((red, green, blue), axis=-1))


def _stored(
    y: NDArray[np.uint8], u: NDArray[np.uint8], v: NDArray[np.uint8], pixel_format: PixelFormat
) -> NDArray[np.uint8]:
    """Samples in the order that the format's definition gives, written out."""
    if pixel_format in PACKED_422:
        pairs = (y[:, ::2], u, y[:, 1::2], v)
        if pixel_format is PixelFormat.UYVY422:
            pairs = (u, y[:, ::2], v, y[:, 1::2])
        return np.stack(pairs, axis=-1).reshape(*y.shape, 2)
    chroma = np.stack((u, v), axis=-1 if pixel_format is PixelFormat.NV12 else 0)
    return np.concatenate((y.ravel(), chroma.ravel())).reshape(-1, y.shape[1])


def _restored(picture: Picture) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Y, U and V: the inverse of ``_stored``."""
    height, width = picture.height, picture.width
    samples = picture.pixels.ravel()
    if picture.pixel_format in PACKED_422:
        luma = 0 if picture.pixel_format is PixelFormat.YUYV422 else 1
        y = samples[luma::2].reshape(height, width)
        u, v = (samples[start::4].reshape(height, -1) for start in (1 - luma, 3 - luma))
        return y, u, v
    y, chroma = np.split(samples, [height * width])
    if picture.pixel_format is PixelFormat.NV12:
        u, v = chroma[::2], chroma[1::2]
    else:
        u, v = np.split(chroma, 2)
    half = (height // 2, width // 2)
    return y.reshape(height, width), u.reshape(half), v.reshape(half)


def _averaged(plane: NDArray[np.float64], rows: int, columns: int) -> NDArray[np.float64]:
    height, width = plane.shape
    blocks = plane.reshape(height // rows, rows, width // columns, columns)
    averaged: NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return averaged


def _bytes(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return values.round().clip(0, 255).astype(np.uint8)
