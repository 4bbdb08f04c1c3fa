"""What every writer has in common: its error, and how a failed write becomes one sentence."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from av.error import FFmpegError

from models.whole_file import write_whole

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class SinkError(Exception):
    """Something cannot be written; the message is one sentence with the repair."""


class DiskFullError(SinkError):
    """There is no room left; what was written before stays valid."""


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns what goes wrong while ``path`` is written into a ``SinkError``.

    Raises:
        DiskFullError: the disk, the quota or the permitted file size is used up.
        SinkError: anything else that the operating system or FFmpeg refused.
    """
    try:
        yield
    except (OSError, FFmpegError) as error:
        name = f"{path.parent.name}/{path.name}"
        if error.errno in _NO_SPACE:
            raise DiskFullError(
                f"The disk is full: {name} could not be written further; free some space and "
                "try again."
            ) from error
        raise SinkError(
            f"{name} cannot be written ({error.strerror}); check the output folder and its "
            "permissions."
        ) from error


def replace_file(path: Path, content: bytes) -> None:
    """Writes ``path`` whole, in place of whatever it was, or leaves it as it was.

    Raises:
        SinkError: it cannot be written.
    """
    with writing(path):
        write_whole(path, content)


def name_of_moment(moment: datetime) -> str:
    """Names a file for the moment at which it was begun, and for nothing that was on screen."""
    return moment.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")


def partial_path(path: Path) -> Path:
    """Where ``path`` is written until it is whole; only a killed process leaves it behind."""
    return path.with_name(f".{path.name}.partial")
