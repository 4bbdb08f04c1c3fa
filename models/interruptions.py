"""Holds Ctrl-C back while libraries load: some make an ImportError of it, and nothing tells it from
that of a library which is not installed."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
"""Those that Python turns into a ``KeyboardInterrupt``, where it was told to."""


@contextmanager
def interruptions_held() -> Iterator[None]:
    """What would interrupt the block does so at its end, whatever else it raised."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python interrupts its main thread alone
        return
    came: list[int] = []
    handlers: dict[signal.Signals, Any] = {}
    try:
        for number in _SIGNALS:
            if callable(signal.getsignal(number)):
                handlers[number] = signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])
