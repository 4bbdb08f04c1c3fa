"""Files that are there whole, in their old or their new state."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

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
    if path.exists() and not (path.is_file() or path.is_dir()):
        # A folder cannot be replaced; /dev/null can, by those who may.
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    partial = path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")
    try:
        with open(partial, "xb", opener=lambda name, flags: os.open(name, flags, rights)) as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
