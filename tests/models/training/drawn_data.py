"""A data root of drawn pictures: a textured background, and an ellipse where a polyp is."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 96


def draw_pair(seed: int, polyp: bool = True) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """An image, (96, 96, 3) uint8 BGR, and its mask, (96, 96) uint8 of 0 and 255."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 60, (SIDE // 4, SIDE // 4, 3)).astype(np.uint8)
    image = cv2.resize(noise, (SIDE, SIDE)) + np.array((60, 80, 140), np.uint8)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    if polyp:
        centre = tuple(int(value) for value in rng.integers(25, 70, 2))
        cv2.ellipse(mask, centre, (14, 10), 30.0, 0, 360, 255, -1)
        image[mask > 0] = np.clip(image[mask > 0].astype(int) + 50, 0, 255).astype(np.uint8)
    return np.asarray(image, np.uint8), mask


def write_set(root: Path, folder: str, stems: list[str], *, polyp: bool = True) -> None:
    """Writes the pairs of ``folder``."""
    (root / folder / "images").mkdir(parents=True, exist_ok=True)
    (root / folder / "masks").mkdir(exist_ok=True)
    for seed, stem in enumerate(stems):
        image, mask = draw_pair(seed, polyp)
        cv2.imwrite(str(root / folder / "images" / f"{stem}.jpg"), image)
        cv2.imwrite(str(root / folder / "masks" / f"{stem}.png"), mask)


def write_list(root: Path, name: str, entries: list[str]) -> None:
    """Writes ``root/splits/<name>.txt``."""
    (root / "splits").mkdir(exist_ok=True)
    (root / "splits" / f"{name}.txt").write_text("\n".join(entries) + "\n", encoding="utf-8")


def draw_data(root: Path) -> Path:
    """Eight frames with a polyp to train on, three to validate on, and eight without one."""
    train = [f"t{number}" for number in range(8)]
    validation = [f"v{number}" for number in range(3)]
    empty = [f"e{number}" for number in range(8)]
    write_set(root, "drawn", train + validation)
    write_set(root, "empty", empty, polyp=False)
    write_list(root, "train", [f"drawn/{stem}" for stem in train])
    write_list(root, "val", [f"drawn/{stem}" for stem in validation])
    write_list(root, "negative", [f"empty/{stem}" for stem in empty])
    return root


RECIPE = """
seed = 5
optimiser = "adamw"
weight_decay = 0.01
clip = 1.0
augmentation = "strong"
average = 0.9
stored_size = 64
precision = "32-true"
validation = "val"
validation_negatives = "negative"
validate_every = 2

[[sources]]
list = "train"
kind = "frame"
share = 2

[[sources]]
list = "negative"
kind = "frame"
trained_half = true
share = 1

[[sources]]
list = "train"
kind = "painted"
share = 1

[[stages]]
size = 32
steps = 3
batch = 2
learning_rate = 1e-3
last_learning_rate = 5e-4

[[stages]]
size = 64
steps = 2
batch = 2
learning_rate = 5e-4
last_learning_rate = 0.0
"""
