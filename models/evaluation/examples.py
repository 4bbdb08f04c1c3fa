"""What is scored: the frames of a list as published, or polyp-free pictures made from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.training.frames import load_frames, read_pair
from models.training.held_out import MAKERS, polyp_free_pictures
from models.training.lists import DataError, Pair, in_measured_half, read_list

MADE_SIZE = 416
"""Side in pixels of pictures that are made, as training keeps them."""
KINDS = ("frame", "measured", *MAKERS)

WITH_POLYP = ("pranet_val:kvasir-seg", "pranet_val:cvc-clinicdb")
"""The sets on which settings are chosen."""
POLYP_FREE = (
    "pranet_val:kvasir-seg:crop",
    "pranet_val:kvasir-seg:painted",
    "pranet_val:cvc-clinicdb:crop",
    "pranet_val:cvc-clinicdb:painted",
    "polypgen_negative::measured",
)
"""Likewise."""


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A frame to score on: ``image`` (H, W, 3) uint8 RGB, ``polyp`` (H, W) bool."""

    name: str
    image: NDArray[np.uint8]
    polyp: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ExampleSet:
    """A list, perhaps one folder of it, and what is made of its frames.

    ``kind`` is ``frame`` for the frames themselves, ``measured`` for the half of them that training
    leaves out, or a kind of polyp-free picture, see ``models.training.held_out``.
    """

    list_name: str
    folder: str | None
    kind: str

    @staticmethod
    def parse(text: str) -> ExampleSet:
        """Of ``list``, ``list:folder`` or ``list:folder:kind``.

        Raises:
            DataError: more parts, or an unknown kind.
        """
        list_name, folder, kind, *more = [*text.split(":"), "", ""]
        kind = kind or "frame"
        if any(more) or kind not in KINDS:
            raise DataError(
                f"{text} names no set; write LIST, LIST:FOLDER or LIST:FOLDER:KIND, where KIND is "
                f"one of {', '.join(KINDS)}."
            )
        return ExampleSet(list_name, folder or None, kind)

    def __str__(self) -> str:
        kind = "" if self.kind == "frame" else f", {self.kind}"
        return f"{self.list_name}{f' ({self.folder})' if self.folder else ''}{kind}"

    def shares_frames(self, other: ExampleSet) -> bool:
        """Whether both are of one kind, and of one list as far as their folders tell."""
        one_folder = self.folder == other.folder or not (self.folder and other.folder)
        return one_folder and (self.list_name, self.kind) == (other.list_name, other.kind)

    def require(self, data_root: Path) -> None:
        """Looks for all that ``examples`` will read.

        Raises:
            DataError: the list, an image or a mask is missing.
        """
        read_list(data_root, self.list_name, self.folder)

    def examples(self, data_root: Path) -> Iterator[Example]:
        """Reads the set, frame by frame; at least one.

        Raises:
            DataError: a list or a file is missing or damaged, or the set is empty.
        """
        pairs = read_list(data_root, self.list_name, self.folder)
        found = _made(pairs, self.kind) if self.kind in MAKERS else _published(pairs, self.kind)
        first = next(found, None)
        if first is None:
            raise DataError(f"No frame of the list is left for the set {self}; leave it out.")
        yield first
        yield from found


def _published(pairs: list[Pair], kind: str) -> Iterator[Example]:
    for pair in pairs:
        if kind == "frame" or in_measured_half(pair.name):
            image, mask = read_pair(pair)
            yield Example(pair.name, image, mask > 0)


def _made(pairs: list[Pair], kind: str) -> Iterator[Example]:
    nothing = np.zeros((MADE_SIZE, MADE_SIZE), np.bool_)
    for pair in pairs:
        frames = load_frames([pair], MADE_SIZE, cache=None)
        for name, picture in polyp_free_pictures(frames, kind):
            yield Example(name, picture, nothing)
