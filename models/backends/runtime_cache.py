"""Keeps what TensorRT-RTX compiled just in time, so that the next start is fast."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from pathlib import Path

_log = logging.getLogger(__name__)
_DIGEST_SIZE = hashlib.sha256().digest_size


class RuntimeCacheFile:
    """One engine's cache on disk: a SHA-256, then the bytes that the runtime gave.

    What is damaged counts as absent. The runtime itself refuses a cache of another GPU, driver or
    version, so the name holds the engine alone.
    """

    def __init__(self, plan_sha256: str) -> None:
        root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        self._path = Path(root) / "polyplens" / f"{plan_sha256}.rtx-cache"

    def load(self) -> bytes | None:
        """What was stored, or None where nothing whole is there."""
        try:
            content = self._path.read_bytes()
        except OSError:
            return None
        digest, cache = content[:_DIGEST_SIZE], content[_DIGEST_SIZE:]
        if hashlib.sha256(cache).digest() != digest:
            _log.warning("%s is damaged; its kernels are compiled again", self._path)
            return None
        return cache

    def store(self, cache: bytes) -> None:
        """Replaces the file in one step; a failure is logged, for the engine works without."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=self._path.parent, delete=False) as file:
                file.write(hashlib.sha256(cache).digest() + cache)
            Path(file.name).replace(self._path)
        except OSError as error:
            _log.warning("%s cannot be written (%s); the next start is slow", self._path, error)
