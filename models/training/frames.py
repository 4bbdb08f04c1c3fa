"""Images and masks in memory, all of one size."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from PIL.Image import Resampling

from models.training.lists import DataError, Pair


@dataclass(frozen=True, slots=True, eq=False)
class Frames:
    """``images`` (N, S, S, 3) uint8 RGB and ``masks`` (N, S, S) uint8, 255 = polyp, by name."""

    names: tuple[str, ...]
    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]


def read_pair(pair: Pair) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The image, (H, W, 3) uint8 RGB, and its mask, (H, W) uint8 of 0 and 255, at their own size.

    Raises:
        DataError: a file is damaged, or the two differ in size.
    """
    image = cv2.imread(str(pair.image), cv2.IMREAD_COLOR)
    if image is None:
        raise DataError(f"{pair.image} is no image that can be decoded; fetch it again.")
    mask = cv2.imread(str(pair.mask), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise DataError(f"{pair.mask} is no image that can be decoded; fetch it again.")
    if image.shape[:2] != mask.shape:
        raise DataError(
            f"{pair.image} is {image.shape[1]}x{image.shape[0]}, but its mask {pair.mask} is "
            f"{mask.shape[1]}x{mask.shape[0]}; both must have one size."
        )
    rgb = np.ascontiguousarray(image[:, :, ::-1], np.uint8)
    return rgb, np.where(np.asarray(mask) > 127, np.uint8(255), np.uint8(0))


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
        DataError: a pair cannot be read.
        OSError: the cache cannot be written.
    """
    names = tuple(pair.name for pair in pairs)
    if cache is None:
        return Frames(names, *_resized(pairs, size))
    key = hashlib.sha256("\n".join([str(size), *map(str, (p.image for p in pairs))]).encode())
    stem = cache / f"frames-{size}-{key.hexdigest()[:16]}"
    images_path, masks_path = stem.with_suffix(".images.npy"), stem.with_suffix(".masks.npy")
    if not masks_path.is_file():
        cache.mkdir(parents=True, exist_ok=True)
        for path, array in zip((images_path, masks_path), _resized(pairs, size), strict=True):
            # Processes that train together may all fill an empty cache: each writes its own.
            partial = path.with_suffix(f".{os.getpid()}.partial.npy")
            np.save(partial, array)
            partial.replace(path)
    return Frames(names, np.load(images_path, mmap_mode="r"), np.load(masks_path, mmap_mode="r"))


def _resized(pairs: Sequence[Pair], size: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    images = np.empty((len(pairs), size, size, 3), np.uint8)
    masks = np.empty((len(pairs), size, size), np.uint8)
    for index, pair in enumerate(pairs):
        image, mask = read_pair(pair)
        images[index] = squared(image, size)
        masks[index] = np.where(squared(mask, size) > 127, np.uint8(255), np.uint8(0))
    return images, masks
