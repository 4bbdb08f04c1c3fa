"""What a busy machine takes from the time in which a program has to answer."""

from __future__ import annotations

import os
from pathlib import Path

from tests.leftovers import children


class ProcessorWait:
    """For how long threads that could have run got no processor, since this was made.

    Those of this process and of its children. A test that holds a limit allows it and ``ns``: with
    processors to spare that is next to nothing, and the limit is held as it stands.
    """

    def __init__(self) -> None:
        self._before = _waits_ns()

    @property
    def ns(self) -> int:
        """Of all threads together; 0 where the system does not tell."""
        return sum(ns - self._before.get(task, 0) for task, ns in _waits_ns().items())

    @property
    def s(self) -> float:
        return self.ns / 1e9


def _waits_ns() -> dict[str, int]:
    """Since the beginning of each thread."""
    waits = {}
    for process in (os.getpid(), *children(os.getpid())):
        for path in Path("/proc").glob(f"{process}/task/*/schedstat"):
            try:
                waits[path.parent.name] = int(path.read_text().split()[1])
            except (OSError, IndexError):  # it has ended
                continue
    return waits
