"""The file system that the guest starts from: an archive in the kernel's own format."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

_FOLDER = 0o040755
_PROGRAM = 0o100755
_END = "TRAILER!!!"


@dataclass(frozen=True, slots=True)
class Entry:
    """A folder, or a file where ``content`` is not None; every file may be run."""

    path: str
    content: bytes | None = None


def archive(entries: Iterable[Entry]) -> bytes:
    """A cpio archive, format "newc": Linux, driver-api/early-userspace/buffer-format.rst."""
    packed = b"".join(_packed(number, entry) for number, entry in enumerate(entries, start=1))
    return packed + _packed(0, Entry(_END))


def _packed(number: int, entry: Entry) -> bytes:
    name = entry.path.encode("ascii") + b"\0"
    content = entry.content or b""
    mode = _FOLDER if entry.content is None else _PROGRAM
    links = 1
    fields = (number, mode, 0, 0, links, 0, len(content), 0, 0, 0, 0, len(name), 0)
    header = b"070701" + b"".join(b"%08x" % field for field in fields)
    return _aligned(header + name) + _aligned(content)


def _aligned(part: bytes) -> bytes:
    return part + bytes(-len(part) % 4)
