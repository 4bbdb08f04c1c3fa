"""A decoded picture to its probability without leaving the device in between."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import ExitStack

import numpy as np
import pycuda.driver as cuda
from numpy.typing import NDArray

from models.backends.base import BackendError
from models.backends.cuda.conversion import KERNEL_NAMES
from models.backends.cuda.device import device_errors
from models.backends.cuda.lane import Lane, Network
from models.backends.cuda.page_lock import PageLock
from models.geometry import Area
from models.picture import Picture, PixelFormat
from models.spec import ModelSpec

LANES = 2
"""While the network runs on one picture, the next one is copied and uploaded."""

_log = logging.getLogger(__name__)


class FastPath:
    """``LANES`` lanes of the current context, and the kernels that they share.

    One thread calls. Answers are the same bytes whichever lane they come from.
    """

    def __init__(
        self, kernels: bytes, spec: ModelSpec, make_network: Callable[[], Network]
    ) -> None:
        """Takes its memory, and runs and captures the network; on failure leaves nothing behind.

        Args:
            kernels: the cubin of ``kernels.cu`` for this device.
            make_network: called once a lane, which takes it over.
        """
        self._page_locks: list[PageLock] = []
        with ExitStack() as cleanup:
            # As in a lane: a module is freed with the last reference to it, or to a function of it.
            functions: dict[PixelFormat, cuda.Function] = {}
            cleanup.callback(functions.clear)
            cleanup.callback(vars(self).clear)
            self._module = cuda.module_from_buffer(kernels)
            for pixel_format, name in KERNEL_NAMES.items():
                functions[pixel_format] = self._module.get_function(name)
            cleanup.callback(self._unpin)
            self.lanes: list[Lane] = []
            for _ in range(LANES):
                lane = Lane(functions, spec, make_network())
                cleanup.callback(lane.close)
                self.lanes.append(lane)
            self._cleanup = cleanup.pop_all()

    def pin(self, memory: NDArray[np.uint8]) -> None:
        """Page-locks ``memory`` until ``close``; pictures in it are uploaded without a copy first.

        Where the driver refuses, they are copied as any others are.
        """
        try:
            self._page_locks.append(PageLock(memory))
        except BackendError as error:
            _log.warning("pictures are copied once more than needed: %s", error)

    @device_errors()
    def begin(self, picture: Picture, area: Area) -> Callable[[], NDArray[np.uint8]]:
        """Queues the part ``area`` of ``picture``; at most ``LANES`` are begun and not finished.

        Returns:
            waits for the probability, (height, width) uint8, the caller's own. To be called once.
            Until then a picture in pinned memory stays as it is; any other was copied.

        Raises:
            ValueError: ``area`` is empty, leaves the picture, or cuts through a chroma sample.
            RuntimeError: ``LANES`` pictures are on their way.
        """
        lane = next((lane for lane in self.lanes if lane.is_free), None)
        if lane is None:
            raise RuntimeError(f"{LANES} pictures are on their way; finish one first")
        page_locked = any(lock.holds(picture.pixels) for lock in self._page_locks)
        lane.begin(picture, area, page_locked=page_locked)
        return device_errors()(lane.finish)

    @device_errors()
    def close(self) -> None:
        """Gives everything back; the object is of no use afterwards."""
        self._cleanup.close()

    def _unpin(self) -> None:
        for lock in self._page_locks:
            lock.close()
