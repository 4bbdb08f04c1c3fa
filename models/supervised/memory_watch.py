"""Notices that a process takes more and more memory."""

from __future__ import annotations

import os
import time
from pathlib import Path

LOOK_EVERY_S = 1.0
WARM_UP_S = 10.0
"""After which a process has what it needs."""
_SPARE_BYTES = 256 << 20

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class MemoryWatch:
    """Looks at the resident memory that the process ``pid`` shares with no other.

    A GPU's memory is not looked at.

    Args:
        limit_bytes: above this it is too much; None: half as much again as after ``WARM_UP_S``, and
            256 MiB.
    """

    def __init__(self, pid: int, limit_bytes: int | None) -> None:
        self._file = Path(f"/proc/{pid}/statm")
        self._limit_bytes = limit_bytes
        self._next_look_s = time.monotonic() + (WARM_UP_S if limit_bytes is None else 0.0)

    def excess(self) -> str:
        """What to say where it is too much; empty where it is not, or was looked at just now."""
        if time.monotonic() < self._next_look_s:
            return ""
        self.rest(LOOK_EVERY_S)
        taken_bytes = self._taken_bytes()
        if self._limit_bytes is None:
            self._limit_bytes = taken_bytes + taken_bytes // 2 + _SPARE_BYTES
        if taken_bytes <= self._limit_bytes:
            return ""
        return f"{taken_bytes >> 20} MiB, more than {self._limit_bytes >> 20} MiB"

    def rest(self, duration_s: float) -> None:
        """Does not look for so long."""
        self._next_look_s = time.monotonic() + duration_s

    def _taken_bytes(self) -> int:
        _, resident_pages, shared_pages, *_ = map(int, self._file.read_text().split())
        return (resident_pages - shared_pages) * _PAGE_BYTES
