"""Images and masks in memory, all of one size."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL import ImageOps
from PIL.Image import Resampling

from models.training.lists import DataError, Pair
from models.whole_file import whole_file

FORMATS = ("BMP", "JPEG", "PNG", "TIFF", "WEBP")
"""Pillow knows formats that start other programs (EPS); these do not."""
MIDDLE_GREY = 127
"""A mask's pixel is polyp where it is brighter."""


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """``images`` (N, S, S, 3) uint8 RGB and ``masks`` (N, S, S) uint8, 255 = polyp, by name."""

    names: tuple[str, ...]
    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]


def read_pair(pair: Pair) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The image, (H, W, 3) uint8 RGB, and its mask, (H, W) uint8 of 0 and 255, at their own size.

    Raises:
        DataError: a file is damaged or cut short, the two differ in size, or the mask is drawn in
            numbers of classes instead of black and white.
    """
    image, mask = _decoded(pair.image, "RGB"), _decoded(pair.mask, "L")
    if image.shape[:2] != mask.shape:
        raise DataError(
            f"{pair.image} is {image.shape[1]}x{image.shape[0]}, but its mask {pair.mask} is "
            f"{mask.shape[1]}x{mask.shape[0]}; both must have one size."
        )
    brightest = int(mask.max())
    if 0 < brightest <= MIDDLE_GREY:
        raise DataError(
            f"Nothing in the mask {pair.mask} is brighter than {brightest}; draw polyps in 255."
        )
    return image, np.where(mask > MIDDLE_GREY, np.uint8(255), np.uint8(0))


def _decoded(path: Path, mode: str) -> NDArray[np.uint8]:
    """The picture, upright. OpenCV would fill the missing part of one that is cut short."""
    try:
        with PillowImage.open(path, formats=FORMATS) as image:
            return np.array(ImageOps.exif_transpose(image).convert(mode), np.uint8)
    except (OSError, SyntaxError, ValueError, PillowImage.DecompressionBombError) as error:
        raise DataError(f"{path} is no whole image; fetch it again.") from error


def squared(image: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """``image``, (H, W) or (H, W, 3), stretched to (size, size) by the application's own filter."""
    resized = PillowImage.fromarray(image).resize((size, size), Resampling.BILINEAR)
    return np.asarray(resized, np.uint8)


def load_frames(pairs: Sequence[Pair], size: int, cache: Path | None) -> Frames:
    """All ``pairs`` at (size, size).

    Args:
        cache: a folder that keeps the resized frames for the next run, which maps them into memory;
            None reads and resizes anew.

    Raises:
        DataError: a pair cannot be read; the cache is damaged or cannot be written.
    """
    names = tuple(pair.name for pair in pairs)
    if cache is None:
        return Frames(names, *_resized(pairs, size))
    stem = cache / f"frames-{size}-{_fingerprint(pairs)}"
    images_path, masks_path = stem.with_suffix(".images.npy"), stem.with_suffix(".masks.npy")
    if not masks_path.is_file():
        for path, array in zip((images_path, masks_path), _resized(pairs, size), strict=True):
            _keep(array, path)
    try:
        images, masks = np.load(images_path, mmap_mode="r"), np.load(masks_path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"The frames kept in {stem}.* are damaged; delete them.") from error
    return Frames(names, images, masks)


def _fingerprint(pairs: Sequence[Pair]) -> str:
    """Of the files' places, sizes and times: another one where any of them has changed."""
    digest = hashlib.sha256()
    for pair in pairs:
        for path in (pair.image, pair.mask):
            status = path.stat()
            digest.update(f"{path}\n{status.st_size}\n{status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _keep(array: NDArray[np.uint8], path: Path) -> None:
    """Writes ``path`` whole or not at all."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        # Processes that train together may all fill an empty cache: the last one's copy stays.
        with whole_file(path) as file:
            np.save(file, array)
    except OSError as error:
        raise DataError(
            f"{path.parent} cannot keep {array.nbytes / 1e6:.0f} MB of frames ({error}); make room "
            "or leave --cache out."
        ) from error


def _resized(pairs: Sequence[Pair], size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    images = np.empty((len(pairs), size, size, 3), np.uint8)
    masks = np.empty((len(pairs), size, size), np.uint8)
    for index, pair in enumerate(pairs):
        image, mask = read_pair(pair)
        images[index] = squared(image, size)
        masks[index] = np.where(squared(mask, size) > MIDDLE_GREY, np.uint8(255), np.uint8(0))
    return images, masks
