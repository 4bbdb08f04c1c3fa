"""What is shown and written of a file's name."""

from __future__ import annotations

import os
from pathlib import Path


def shown_name(path: Path) -> str:
    r"""The last part of ``path`` as text that every file takes.

    Bytes that are no UTF-8, as older systems wrote them, are spelt out: ``M\xfcller.mp4``.
    """
    return os.fsencode(path.name).decode("utf-8", "backslashreplace")
