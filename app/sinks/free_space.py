"""Watches the room that is left on the disk, so that writing ends while all can still be closed."""

from __future__ import annotations

import logging
import shutil
import time
from pathlib import Path

from app.sinks.base import DiskFullError, writing

WARN_BYTES = 5_000_000_000
STOP_BYTES = 50_000_000
_INTERVAL_S = 1.0

_log = logging.getLogger(__name__)


class FreeSpace:
    """The room left on the disk that holds ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._next_look_s = 0.0
        self._warning = ""

    @property
    def warning(self) -> str:
        """One sentence since room became scarce; empty before."""
        return self._warning

    def check(self) -> None:
        """Looks at most once a second; warns once, in the log, when room becomes scarce.

        Raises:
            DiskFullError: less than ``STOP_BYTES`` are left.
            SinkError: the folder is gone.
        """
        now_s = time.monotonic()
        if now_s < self._next_look_s:
            return
        self._next_look_s = now_s + _INTERVAL_S
        with writing(self._folder):
            free = shutil.disk_usage(self._folder).free
        if free < STOP_BYTES:
            raise DiskFullError(
                f"The disk is nearly full: less than {STOP_BYTES // 1_000_000} MB are left where "
                "the output goes; free some space and begin again."
            )
        if free < WARN_BYTES and not self._warning:
            self._warning = (
                f"Only {free / 1e9:.1f} GB are left where the output goes; writing stops at "
                f"{STOP_BYTES // 1_000_000} MB."
            )
            _log.warning("%s", self._warning)
