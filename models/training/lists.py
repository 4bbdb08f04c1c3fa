"""Lists of image and mask pairs, as files in a data root name them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

IMAGE_SUFFIXES = (".jpg", ".png")


class DataError(Exception):
    """Training or evaluation data cannot be used; the message names the file and the repair."""


@dataclass(frozen=True, slots=True)
class Pair:
    """An image and its mask, under the name ``folder/stem`` that its list gives it."""

    name: str
    image: Path
    mask: Path


def read_list(data_root: Path, list_name: str, folder: str | None = None) -> list[Pair]:
    """The pairs of ``data_root/splits/<list_name>.txt``, which holds one ``folder/stem`` a line.

    Args:
        folder: keep the entries of this folder alone.

    Raises:
        DataError: no such list, nothing left in it, an image or a mask missing.
    """
    path = data_root / "splits" / f"{list_name}.txt"
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"The list {path} cannot be read; check the data root and the recipe."
        ) from error
    names = [line.strip() for line in lines if line.strip()]
    kept = [name for name in names if folder is None or name.split("/")[0] == folder]
    if not kept:
        of_folder = f" of {folder}" if folder else ""
        raise DataError(f"The list {path} names no image{of_folder}; give a list that does.")
    return [_pair(data_root, name, path) for name in kept]


def _pair(data_root: Path, name: str, list_path: Path) -> Pair:
    folder, _, stem = name.partition("/")
    mask = data_root / folder / "masks" / f"{stem}.png"
    for suffix in IMAGE_SUFFIXES:
        image = data_root / folder / "images" / f"{stem}{suffix}"
        if image.is_file():
            break
    else:
        raise DataError(f"{list_path} names {name}, but there is no image {image.with_suffix('')}.")
    if not mask.is_file():
        raise DataError(f"{image} has no mask {mask}; add it or take {name} off {list_path}.")
    return Pair(name, image, mask)


def in_measured_half(name: str) -> bool:
    """Whether a polyp-free frame is kept out of training, to measure on: about every second one.

    The half is fixed by the name alone, so it is the same whatever list or order it is read in.
    """
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0
