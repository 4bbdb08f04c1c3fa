"""Memory that is twice there: page-locked on the host, which transfers need, and on the device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pycuda.driver as cuda
from numpy.typing import NDArray


class TransferBuffer:
    """``size`` bytes on both sides. Copies are queued on a stream; the caller waits for them."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._device = cuda.mem_alloc(size)
        try:
            self._page_locked: Any = cuda.pagelocked_empty(size, np.uint8)
        except cuda.Error:
            self._device.free()
            raise

    @property
    def host(self) -> NDArray[np.uint8]:
        """(size,) uint8, to read and write between copies."""
        pixels: NDArray[np.uint8] = self._page_locked
        return pixels

    @property
    def address(self) -> int:
        """Where the device finds the bytes."""
        return int(self._device)

    def upload(self, source: NDArray[np.uint8], stream: cuda.Stream) -> None:
        """Queues the copy of ``source`` to the device.

        Args:
            source: (n,) uint8, at most ``size``, in page-locked memory: ``host`` or another.
        """
        cuda.memcpy_htod_async(self._device, source, stream)

    def download(self, stream: cuda.Stream) -> None:
        """Queues the copy of all bytes to the host."""
        cuda.memcpy_dtoh_async(self.host, self._device, stream)

    def close(self) -> None:
        """Frees both sides; nobody touches ``host`` afterwards."""
        self._device.free()
        self._page_locked.base.free()
