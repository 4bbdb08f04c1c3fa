"""What a process may leave behind: other processes, descriptors, shared memory, threads."""

from __future__ import annotations

import gc
import os
import threading
from pathlib import Path


def descriptors() -> list[str]:
    """What each of this process's descriptors leads to."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.append(str(link.readlink()))
        except OSError:  # the one with which the folder was read
            continue
    return sorted(found)


def children(parent: int) -> set[int]:
    """Processes of ``parent``, those included that have died and were not waited for."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The name, in brackets, may hold anything; the parent is the second field behind it.
            if int(status.read_text().rpartition(")")[2].split()[1]) == parent:
                found.add(int(status.parent.name))
        except (OSError, IndexError):
            continue
    return found


def all_there_is() -> tuple[object, ...]:
    gc.collect()
    mappings = Path("/proc/self/maps").read_text().count("memfd:polyplens")
    shared_files = sorted(path.name for path in Path("/dev/shm").iterdir())
    threads = sorted(thread.name for thread in threading.enumerate())
    return descriptors(), children(os.getpid()), mappings, shared_files, threads
