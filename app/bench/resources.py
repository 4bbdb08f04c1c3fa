"""What this process and those that it began take of the machine."""

from __future__ import annotations

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psutil

OTHER_THREADS = "threads of libraries"


@dataclass(frozen=True, slots=True)
class Usage:
    """All processes at one moment."""

    at_s: float
    """On the monotonic clock."""
    cpu_s: float
    """Processor time since their start, of processes that have ended too."""
    cpu_by_thread_s: Mapping[str, float]
    """Of the threads that live: this process's by their name, a child's under its process."""
    resident_mb: float
    """Memory that processes share counts once for each."""
    own_mb: float
    """Of it, what a process shares neither with a file nor with another process, where the system
    tells. Pages of files, such as libraries, it takes away and brings back as it likes."""
    handles: int
    """Open files, sockets and the like."""
    threads: int


def usage() -> Usage:
    """Of now. A child that ends meanwhile may be missing."""
    own = psutil.Process()
    with own.oneshot():
        times = own.cpu_times()
        by_thread = _own_threads(own)
        # On systems without them, times of ended children are 0.
        cpu_s = times.user + times.system + times.children_user + times.children_system
        memory, handles, threads = own.memory_info(), _handles(own), own.num_threads()
        resident, own_resident = memory.rss, _own_bytes(memory)
    for child in own.children(recursive=True):
        try:
            child_times, memory = child.cpu_times(), child.memory_info()
            child_handles, child_threads = _handles(child), child.num_threads()
        except psutil.Error:
            continue
        child_s = child_times.user + child_times.system
        resident += memory.rss
        own_resident += _own_bytes(memory)
        handles += child_handles
        threads += child_threads
        cpu_s += child_s
        by_thread[f"process {child.pid}"] = child_s
    return Usage(
        time.monotonic(), cpu_s, by_thread, resident / 1e6, own_resident / 1e6, handles, threads
    )


def _own_threads(own: psutil.Process) -> dict[str, float]:
    """By name; those that no Python code began come together."""
    names = {thread.native_id: thread.name for thread in threading.enumerate()}
    by_name: defaultdict[str, float] = defaultdict(float)
    for thread in own.threads():
        by_name[names.get(thread.id, OTHER_THREADS)] += thread.user_time + thread.system_time
    return by_name


def _own_bytes(memory: Any) -> int:
    """Of psutil's answer, whose fields are the system's."""
    if sys.platform == "linux":
        return int(memory.rss - memory.shared)
    return int(memory.private if sys.platform == "win32" else memory.rss)


def _handles(process: psutil.Process) -> int:
    """Descriptors, or what Windows has instead."""
    if sys.platform == "win32":
        return process.num_handles()
    return process.num_fds()
