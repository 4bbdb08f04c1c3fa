"""A file in the user's cache folder: worth having, never needed, and not trusted unread."""

from __future__ import annotations

import hashlib
import logging
import os
from pathlib import Path

from models.whole_file import write_whole

_DIGEST_SIZE = hashlib.sha256().digest_size

_log = logging.getLogger(__name__)


class CacheFile:
    """Bytes kept under ``name`` in ``$XDG_CACHE_HOME/polyplens`` (``~/.cache/polyplens``).

    On disk a SHA-256 of them comes first; what is damaged counts as absent. Where the folder cannot
    be written, or there is no home at all, nothing is kept and nothing fails.
    """

    def __init__(self, name: str) -> None:
        self._path: Path | None = None
        try:
            root = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
            self._path = root / "polyplens" / name
        except RuntimeError as error:
            _log.info("Nothing is cached: %s", error)

    def load(self) -> bytes | None:
        """What was stored, or None where nothing whole is there."""
        if self._path is None:
            return None
        try:
            stored = self._path.read_bytes()
        except OSError:
            return None
        digest, content = stored[:_DIGEST_SIZE], stored[_DIGEST_SIZE:]
        return content if hashlib.sha256(content).digest() == digest else None

    def store(self, content: bytes) -> None:
        """Replaces the file in one step."""
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self._path, hashlib.sha256(content).digest() + content)
        except OSError as error:
            _log.info("%s cannot be written: %s", self._path, error)
