"""Repairs a fragmented MP4 or QuickTime file whose end could not be written."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO


def keep_whole_fragments(path: Path) -> None:
    """Cuts ``path`` off behind its last complete fragment; without one, removes it.

    Players would stumble over the rest. The file is a row of boxes, each a 32-bit length and a
    four-letter kind (ISO/IEC 14496-12, section 4.2); a fragment is ``moof`` and ``mdat``, and
    ``moov``, before them, says what they hold.

    Raises:
        OSError: the file cannot be read or cut.
    """
    kinds = set()
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        begin = kept = 0
        while begin < size:
            length, kind = _box(file, begin)
            if not 8 <= length <= size - begin:
                break
            begin += length
            kinds.add(kind)
            if kind != b"moof":
                kept = begin
        file.truncate(kept)
    if not {b"moov", b"mdat"} <= kinds:
        path.unlink()


def _box(file: BinaryIO, begin: int) -> tuple[int, bytes]:
    """Length in bytes, 0 where there is no whole header, and kind of the box at ``begin``."""
    file.seek(begin)
    header = file.read(16)
    length, kind = int.from_bytes(header[:4]), header[4:8]
    if length == 1:  # the 64-bit length follows
        length = int.from_bytes(header[8:16])
    return (length, kind) if len(header) >= 8 else (0, kind)
