"""Memory of others, page-locked where it lies, so that the device takes pictures from it itself."""

from __future__ import annotations

import numpy as np
from cuda.bindings import driver
from numpy.typing import NDArray

from models.backends.cuda.device import require_success

_REFUSED = "The driver cannot lock this memory ({reason}); raise the limit with ulimit -l."


class PageLock:
    """Holds ``memory`` in place until ``close``, which comes before the memory is given back.

    Through cuda-bindings: pycuda 2026.1 crashes in its own way to do this, with NumPy 2.

    Args:
        memory: contiguous uint8, and mapped for writing too.

    Raises:
        BackendError: the driver refuses it, as where the system limits locked memory.
    """

    def __init__(self, memory: NDArray[np.uint8]) -> None:
        self._memory = memory
        self._first = memory.ctypes.data
        self._end = self._first + memory.nbytes
        require_success(driver.cuMemHostRegister(self._first, memory.nbytes, 0), _REFUSED)

    def holds(self, pixels: NDArray[np.uint8]) -> bool:
        """Whether contiguous ``pixels`` lie in it, all of them."""
        first = pixels.ctypes.data
        return self._first <= first and first + pixels.nbytes <= self._end

    def close(self) -> None:
        driver.cuMemHostUnregister(self._first)
