"""Polyp-free pictures made from frames that training does not see, the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from models.training.frames import Frames
from models.training.negatives import empty_crop, painted_out

Image = NDArray[np.uint8]
Maker = Callable[[Image, Image, Generator], Image | None]

MAKERS: dict[str, Maker] = {"crop": empty_crop, "painted": painted_out}


def polyp_free_pictures(frames: Frames, kind: str) -> Iterator[tuple[str, Image]]:
    """The polyp-free picture of every frame that yields one, with the frame's name.

    Args:
        kind: a key of ``MAKERS``. Its random choices depend on the frame's name alone.
    """
    for index, name in enumerate(frames.names):
        seed = int.from_bytes(hashlib.sha256(f"{kind} {name}".encode()).digest()[:8])
        image, mask = np.asarray(frames.images[index]), np.asarray(frames.masks[index])
        picture = MAKERS[kind](image, mask, np.random.default_rng(seed))
        if picture is not None:
            yield name, picture
