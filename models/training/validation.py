"""What is watched while training: Dice where a polyp is, marks where none is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning.fabric import Fabric
from numpy.typing import NDArray
from torch import nn

from models.evaluation.application_score import MARKED_SHARE
from models.evaluation.overlap import Overlap
from models.training.batches import normalised
from models.training.frames import MIDDLE_GREY, load_frames, squared
from models.training.held_out import MAKERS, polyp_free_pictures
from models.training.lists import Pair, in_measured_half, read_list
from models.training.recipe import Recipe

THRESHOLD = 0.5
BATCH = 8

Image = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Validation:
    """Frames with a polyp, and polyp-free pictures, that training does not see.

    These figures steer a run. They are taken at the size of the training stage; the ones to report
    come from ``models.evaluation``.
    """

    images: Iterable[Image]
    masks: Iterable[Image]
    polyp_free: dict[str, list[Image]]
    """By kind: ``crop`` and ``painted`` made from the same images, ``negative`` as published."""

    def measure(self, network: nn.Module, size: int, fabric: Fabric) -> dict[str, float]:
        """``dice``, and for each kind of polyp-free pictures the share that is marked."""
        network.eval()
        wanted = np.stack([squared(mask, size) > MIDDLE_GREY for mask in self.masks])
        found = _marked(network, self.images, size, fabric)
        dices = [Overlap.of(*masks).dice for masks in zip(found, wanted, strict=True)]
        measured = {"dice": round(float(np.mean(dices)), 4)}
        for kind, pictures in self.polyp_free.items():
            if not pictures:
                continue
            shares = _marked(network, pictures, size, fabric).mean(axis=(1, 2))
            measured[f"{kind}_marked"] = round(float((shares > MARKED_SHARE).mean()), 4)
        return measured


def watched_pairs(recipe: Recipe, data_root: Path) -> list[Pair]:
    """The frames that ``recipe`` wants watched, those with a polyp and those without.

    Raises:
        models.training.lists.DataError: a list or a file is missing.
    """
    if not recipe.validation:
        return []
    return _with_polyps(recipe, data_root) + _without(recipe, data_root)


def load_validation(recipe: Recipe, data_root: Path, cache: Path | None) -> Validation | None:
    """Reads what ``recipe`` wants watched, None where it names nothing.

    Raises:
        models.training.lists.DataError: a list or a file is missing or damaged.
    """
    if not recipe.validation:
        return None
    size = recipe.stored_size
    polyps = load_frames(_with_polyps(recipe, data_root), size, cache)
    polyp_free = {
        kind: [picture for _, picture in polyp_free_pictures(polyps, kind)] for kind in MAKERS
    }
    kept_out = _without(recipe, data_root)
    if kept_out:
        polyp_free["negative"] = list(load_frames(kept_out, size, cache).images)
    return Validation(polyps.images, polyps.masks, polyp_free)


def _with_polyps(recipe: Recipe, data_root: Path) -> list[Pair]:
    return read_list(data_root, recipe.validation, recipe.validation_folder or None)


def _without(recipe: Recipe, data_root: Path) -> list[Pair]:
    if not recipe.validation_negatives:
        return []
    pairs = read_list(data_root, recipe.validation_negatives)
    return [pair for pair in pairs if in_measured_half(pair.name)]


@torch.inference_mode()
def _marked(
    network: nn.Module, images: Iterable[Image], size: int, fabric: Fabric
) -> NDArray[np.bool_]:
    """(N, size, size): where the probability of ``images`` exceeds ``THRESHOLD``."""
    stretched = [squared(np.asarray(image), size) for image in images]
    marked = []
    for first in range(0, len(stretched), BATCH):
        planes = np.stack(stretched[first : first + BATCH]).transpose(0, 3, 1, 2)
        inputs = normalised(torch.from_numpy(np.ascontiguousarray(planes)).to(fabric.device))
        with fabric.autocast():
            logits = network(inputs)
        marked.append((torch.sigmoid(logits.float())[:, 0] > THRESHOLD).cpu().numpy())
    return np.concatenate(marked)
