"""What a process may leave behind: other processes, descriptors, shared memory, threads.

Whatever is there later and was not before was left behind. What was there before and is not later
tells nothing: it may be an earlier test's, which was not quite over.
"""

from __future__ import annotations

import gc
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.waiting import HANG_S, wait_until


def descriptors() -> list[str]:
    """What each of this process's descriptors leads to."""
    return sorted(target for _, target in _descriptors())


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


def has_ended(pid: int) -> bool:
    """Whether that process has; its parent may not have asked for it yet."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return True
    return stat.rpartition(")")[2].split()[0] == "Z"


def held() -> frozenset[str]:
    """Descriptors and threads of this process, native ones too; none where the system does not
    tell."""
    if not Path("/proc/self/fd").is_dir():
        return frozenset()
    gc.collect()
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    tasks = [int(task.name) for task in Path("/proc/self/task").iterdir()]
    threads = {f"thread {task} {names.get(task, 'of no Python')}" for task in tasks}
    return frozenset(threads | {f"descriptor {number} {to}" for number, to in _descriptors()})


def wait_until_given_back(before: frozenset[str], limit_s: float = HANG_S) -> None:
    """Until nothing is ``held`` that was not before.

    Raises:
        TimeoutError: something still is; it is named.
    """
    try:
        wait_until(lambda: held() <= before, limit_s=limit_s)
    except TimeoutError:
        left = sorted(held() - before)
        raise TimeoutError(f"still held after {limit_s:g} s: {left}") from None


def all_there_is() -> frozenset[str]:
    """All of it, with threads of Python alone: a native one may end after it was joined."""
    gc.collect()
    mappings = Path("/proc/self/maps").read_text().splitlines()
    return frozenset(
        {
            *(f"descriptor {number} {target}" for number, target in _descriptors()),
            *(f"process {child}" for child in children(os.getpid())),
            *(f"mapping {line}" for line in mappings if "memfd:polyplens" in line),
            *(f"shared {path.name}" for path in Path("/dev/shm").iterdir()),
            *(f"thread {thread.ident} {thread.name}" for thread in threading.enumerate()),
        }
    )


def _descriptors() -> Iterator[tuple[str, str]]:
    """Number and target of each."""
    for link in Path("/proc/self/fd").iterdir():
        try:
            yield link.name, str(link.readlink())
        except OSError:  # the one with which the folder was read
            continue
