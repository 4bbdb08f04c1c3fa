"""Folders of images: reference frames to compare precisions on, and frames to calibrate on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from engine_builder.command_line import EngineBuilderError
from models.geometry import Area
from models.picture import Picture
from models.preprocess import model_input
from models.spec import ModelSpec

SHIPPED_REFERENCE = Path(__file__).parents[1] / "assets" / "reference"

_SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff"}
# Pillow knows formats that start other programs (EPS); these do not.
_FORMATS = ("BMP", "JPEG", "PNG", "TIFF", "WEBP")
_EMPTY_SUFFIX = "_empty"


def image_files(folder: Path) -> list[Path]:
    """The images in ``folder``, by name.

    Raises:
        EngineBuilderError: no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise EngineBuilderError(f"There is no folder {folder}; name a folder of images.")
    files = sorted(
        path
        for path in folder.iterdir()
        if path.suffix.lower() in _SUFFIXES and not path.name.startswith(".") and path.is_file()
    )
    if not files:
        raise EngineBuilderError(
            f"{folder} holds no image; it takes {', '.join(sorted(_SUFFIXES))}."
        )
    return files


def reference_files(folder: Path | None) -> list[Path]:
    """The images that ship to compare precisions on, then those in ``folder``.

    Raises:
        EngineBuilderError: see ``image_files``.
    """
    more = [] if folder is None else image_files(folder)
    return image_files(SHIPPED_REFERENCE) + more


def is_polyp_free(path: Path) -> bool:
    """Whether the file's name says so: it ends in ``_empty`` before the suffix."""
    return path.stem.endswith(_EMPTY_SUFFIX)


def read_frame(path: Path, spec: ModelSpec) -> NDArray[np.uint8]:
    """The whole image as the network takes it: (spec.height, spec.width, 3) uint8 RGB.

    Raises:
        EngineBuilderError: the file is damaged or no image.
    """
    try:
        with Image.open(path, formats=_FORMATS) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise EngineBuilderError(f"{path} is damaged or no image; remove it.") from error
    height, width, _ = pixels.shape
    return model_input(Picture(np.ascontiguousarray(pixels)), Area(0, 0, width, height), spec)


def sha256_of_files(files: Sequence[Path]) -> str:
    """One hash over names and contents, in the order given."""
    total = hashlib.sha256()
    for path in files:
        total.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()
