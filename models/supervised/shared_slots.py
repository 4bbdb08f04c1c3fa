"""The memory that two processes share: pictures go in on one side, probabilities on the other."""

from __future__ import annotations

import fcntl
import mmap
import os
from typing import Self

import numpy as np
from numpy.typing import NDArray

from models.spec import ModelSpec

SLOTS = 2
"""A picture stays as it is until the next but one is written."""

_PAGE_BYTES = mmap.PAGESIZE


class SharedSlots:
    """Room for ``SLOTS`` pictures and as many probabilities; number n has slot n modulo ``SLOTS``.

    The memory has no name in any file system: it goes when the last process that has it goes. What
    ``picture`` and ``probability`` give are views; the memory lives as long as the last of them.

    Args:
        descriptor: of the memory that ``create`` made for the same ``spec``; stays the caller's.
    """

    def __init__(self, descriptor: int, spec: ModelSpec) -> None:
        size = os.fstat(descriptor).st_size
        self._shape = (spec.height, spec.width)
        self.memory = np.frombuffer(mmap.mmap(descriptor, size), np.uint8)
        """All of it, (bytes,) uint8, beginning at a page."""
        self.room = size // SLOTS - _whole_pages(spec.height * spec.width)
        """Bytes that a picture may have."""

    @classmethod
    def create(cls, room: int, spec: ModelSpec) -> tuple[Self, int]:
        """New memory for pictures of ``room`` bytes or a little more, and its descriptor, which the
        caller closes. Raises OSError when there is none to be had."""
        size = SLOTS * (_whole_pages(room) + _whole_pages(spec.height * spec.width))
        descriptor = os.memfd_create("polyplens", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        try:
            os.ftruncate(descriptor, size)
            # If the other process could make it smaller, this one would die when it touches it.
            seals = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL
            fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
            return cls(descriptor, spec), descriptor
        except BaseException:
            os.close(descriptor)
            raise

    def picture(self, number: int, byte_count: int) -> NDArray[np.uint8]:
        """(byte_count,) uint8, at most ``room``: where the picture ``number`` lies."""
        start = number % SLOTS * self.room
        return self.memory[start : start + byte_count]

    def probability(self, number: int) -> NDArray[np.uint8]:
        """(height, width) uint8: where the answer to the picture ``number`` lies."""
        height, width = self._shape
        start = SLOTS * self.room + number % SLOTS * _whole_pages(height * width)
        return self.memory[start : start + height * width].reshape(height, width)


def _whole_pages(byte_count: int) -> int:
    return -(-byte_count // _PAGE_BYTES) * _PAGE_BYTES
