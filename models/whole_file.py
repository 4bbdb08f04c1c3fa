"""Files that are there whole, in their old or their new state."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

SHARED = 0o666
"""Rights as the person's umask leaves them."""
PRIVATE = 0o600
"""Readable for the owner alone."""


def write_whole(path: Path, content: bytes, rights: int = SHARED) -> None:
    """Writes ``path`` whole, in place of whatever it was, or leaves it as it was.

    It outlives a loss of power once this has returned. Only a process that is killed meanwhile
    leaves something behind, a hidden file that ends in ``.partial``.

    Raises:
        OSError: the folder is missing or not writable, the disk is full, or ``path`` is a folder, a
            device or a pipe.
    """
    with whole_file(path, rights) as file:
        file.write(content)


@contextmanager
def whole_file(path: Path, rights: int = SHARED) -> Iterator[BinaryIO]:
    """What the block writes into the file that it is given becomes ``path``, at the block's end.

    A block that raises leaves ``path`` as it was. All else is as with ``write_whole``.
    """
    require_place(path)
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with open(partial, "xb", opener=lambda name, flags: os.open(name, flags, rights)) as file:
            yield file
        put_in_place(partial, path)
    except BaseException as error:
        partial.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename, error.filename2 = str(path), None  # the hidden one says nothing
        raise


def put_in_place(partial: Path, path: Path) -> None:
    """Gives the file ``partial`` the name ``path``, in place of whatever had it.

    It outlives a loss of power once this has returned; until then that leaves the old one.

    Raises:
        OSError: ``partial`` cannot be synchronised, or ``path`` is a folder.
    """
    with partial.open("rb+") as file:
        os.fsync(file.fileno())
    partial.replace(path)
    _synchronise(path.parent)


def require_place(path: Path, *read: Path) -> None:
    """What ``write_whole`` would refuse ``path`` for, before the work whose outcome it is for.

    Raises:
        OSError: as ``write_whole``, or ``path`` is one of the files ``read``.
    """
    if path.exists():
        if any(each.exists() and path.samefile(each) for each in read):
            raise OSError(f"{path} is the file that is read, and would be lost; name another.")
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not path.is_file():
            # A folder cannot be replaced; /dev/null can, by those who may.
            raise OSError(errno.EINVAL, "it is no regular file", str(path))
    elif not path.parent.is_dir():
        number = errno.ENOTDIR if path.parent.exists() else errno.ENOENT
        raise OSError(number, os.strerror(number), str(path))
    if not os.access(path.parent, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _synchronise(folder: Path) -> None:
    """Makes its names last too: without it a loss of power may bring the old file back."""
    with suppress(OSError):  # Windows and some file systems do this for files alone
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
