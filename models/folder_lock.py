"""One process at a time in a folder."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_held: set[int] = set()
"""Descriptors of the folders that this process has locked."""


class FolderLockedError(Exception):
    """Another process is at work in the folder."""


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keeps everybody else who asks for it out of ``folder`` during the block.

    The lock is the process's own: one that is killed lets go of it, whatever it had started. It
    leaves no file behind. On Windows, and on network drives that know no locks, it keeps nobody
    out.

    Raises:
        FolderLockedError: somebody else holds it.
        OSError: ``folder`` cannot be opened.
    """
    if sys.platform == "win32":  # which locks no folders
        yield
        return
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    _held.add(descriptor)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderLockedError(f"Another process is at work in {folder}.") from error
        except OSError:
            pass  # some network drives know no locks
        yield
    finally:
        if descriptor in _held:
            _held.remove(descriptor)
            os.close(descriptor)


def _let_go() -> None:
    # A forked process shares its parent's locks, and would keep them after the parent was killed.
    for descriptor in _held:
        os.close(descriptor)
    _held.clear()


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_let_go)
