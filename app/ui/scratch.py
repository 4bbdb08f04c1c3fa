"""Memory that is used again for every frame."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Sample = TypeVar("Sample", np.uint8, np.uint16)


class Scratch:
    """Arrays by name. Getting large ones fresh from the system costs more than the work on them."""

    def __init__(self) -> None:
        self._arrays: dict[str, NDArray[np.uint8] | NDArray[np.uint16]] = {}

    def array(self, name: str, shape: tuple[int, ...], dtype: type[Sample]) -> NDArray[Sample]:
        """The array of this name, with anything in it; valid until it is asked for again."""
        held = self._arrays.get(name)
        if held is None or held.shape != shape or held.dtype != dtype:
            held = np.empty(shape, dtype)
            self._arrays[name] = held
        return held  # type: ignore[return-value]  # of the dtype that was just compared
