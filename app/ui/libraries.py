"""Loads the large libraries before there is a window that could stand still meanwhile."""

from __future__ import annotations

from contextlib import suppress
from importlib import import_module

from models.backends.selection import AUTO


def load_libraries(backend: str) -> None:
    """Imports FFmpeg and the runtime that ``backend`` most probably comes to.

    The system's loader holds Python's lock for up to a fifth of a second a library, in which no
    event is handled, whichever thread imports it. What cannot be imported is reported by whoever
    needs it.
    """
    runtime = "openvino" if backend == AUTO else backend
    for module in ("app.sources.file", "app.sources.phantom", f"models.backends.{runtime}_backend"):
        with suppress(ImportError):
            import_module(module)
