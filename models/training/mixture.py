"""The endless sequence of training frames: with one seed, draw ``n`` is the same in every run."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from models.training.augmentation import AUGMENTATIONS
from models.training.frames import Frames, load_frames
from models.training.lists import DataError, in_measured_half, read_list
from models.training.negatives import empty_crop, painted_out, patched_elsewhere
from models.training.recipe import Recipe, SourceRecipe
from models.training.validation import watched_pairs

Image = NDArray[np.uint8]
TRIES = 8
"""How many frames of a source are tried when a crop or a patch finds no place in one."""


@dataclass(frozen=True, slots=True, eq=False)
class Ingredient:
    source: SourceRecipe
    frames: Frames


def load_ingredients(recipe: Recipe, data_root: Path, cache: Path | None) -> list[Ingredient]:
    """The frames of every source of ``recipe``.

    Raises:
        DataError: a list, an image or a mask is missing or damaged, or one to train on is watched.
    """
    ingredients = []
    watched = {pair.image for pair in watched_pairs(recipe, data_root)}
    for source in recipe.sources:
        root = Path(source.root) if source.root else data_root
        pairs = read_list(root, source.list, source.folder or None)
        if source.trained_half:
            pairs = [pair for pair in pairs if not in_measured_half(pair.name)]
        if not pairs:
            raise DataError(f"The list {source.list} has no frame left to train on; name another.")
        seen = next((pair.name for pair in pairs if pair.image in watched), None)
        if seen is not None:
            raise DataError(
                f"The list {source.list} holds {seen}, which validation watches; train without it."
            )
        ingredients.append(Ingredient(source, load_frames(pairs, recipe.stored_size, cache)))
    return ingredients


class Mixture(Dataset[tuple[Tensor, Tensor]]):
    """Draw ``n``: image (3, size, size) uint8 RGB and mask (1, size, size) uint8, 255 = polyp.

    Sources take turns in a fixed shuffled pattern that holds each as often as its share, and each
    walks through its frames in a new order every time round: all are seen equally often.
    """

    def __init__(self, recipe: Recipe, ingredients: list[Ingredient], size: int) -> None:
        self._seed = recipe.seed
        self._size = size
        self._augment = AUGMENTATIONS[recipe.augmentation]
        self._ingredients = ingredients
        turns = [which for which, item in enumerate(ingredients) for _ in range(item.source.share)]
        self._turns = np.random.default_rng((recipe.seed, 0)).permutation(turns)

    def __getitem__(self, draw: int) -> tuple[Tensor, Tensor]:
        round_number, turn = divmod(draw, len(self._turns))
        which = self._turns[turn]
        earlier = int(np.count_nonzero(self._turns[:turn] == which))
        ingredient = self._ingredients[which]
        rng = np.random.default_rng((self._seed, 1, draw))
        image, mask = self._made(
            ingredient, int(which), round_number * ingredient.source.share + earlier, rng
        )
        image, mask = self._augment(image, mask, self._size, rng)
        planes = np.ascontiguousarray(image.transpose(2, 0, 1))
        return torch.from_numpy(planes), torch.from_numpy(np.ascontiguousarray(mask[None]))

    def _made(
        self, ingredient: Ingredient, which: int, count: int, rng: Generator
    ) -> tuple[Image, Image]:
        """The ``count``-th frame of a source; where its change finds no place, one of the next."""
        frames = ingredient.frames
        for index in self._place(which, ingredient, count):
            image, mask = np.asarray(frames.images[index]), np.asarray(frames.masks[index])
            empty = np.zeros_like(mask)
            if ingredient.source.kind == "crop":
                changed, left = empty_crop(image, mask, rng), empty
            elif ingredient.source.kind == "painted":
                changed, left = painted_out(image, mask, rng), empty
            elif ingredient.source.kind == "patched":
                shape = frames.masks[rng.integers(len(frames.names))]
                changed, left = patched_elsewhere(image, mask, shape, rng), mask
            else:
                changed, left = image, mask
            if changed is not None:
                return changed, left
        return image, mask

    def _place(self, which: int, ingredient: Ingredient, count: int) -> list[int]:
        """Indices of the source's ``count``-th frame, and of those to try where it will not do."""
        size = len(ingredient.frames.names)
        walk, place = divmod(count, size)
        order = np.random.default_rng((self._seed, 2, which, walk)).permutation(size)
        return [int(order[(place + step) % size]) for step in range(TRIES)]


class Draws(Sampler[int]):
    """Every ``every``-th number of a draw from ``first`` up to ``last``, exclusive."""

    def __init__(self, first: int, last: int, every: int = 1) -> None:
        self._draws = range(first, last, every)

    def __iter__(self) -> Iterator[int]:
        return iter(self._draws)

    def __len__(self) -> int:
        return len(self._draws)
