"""Ctrl-C while libraries load or threads start: it is held back until they are there, or ends the
process. Some libraries make an ImportError of it, and nothing tells it from that of a library which
is not installed."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, NoReturn

INTERRUPTIONS = [signal.SIGINT, signal.SIGTERM]
"""Those that end a command in order, where it was told to."""
if sys.platform != "win32":
    INTERRUPTIONS.append(signal.SIGHUP)


@contextmanager
def interruptions_held() -> Iterator[None]:
    """What would interrupt the block does so at its end, whatever else it raised."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Python interrupts its main thread alone
        return
    came: list[int] = []
    handlers: dict[signal.Signals, Any] = {}
    try:
        for number in INTERRUPTIONS:
            if callable(signal.getsignal(number)):
                handlers[number] = signal.signal(number, lambda number, _: came.append(number))
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if came:
            signal.raise_signal(came[0])


def start_uninterrupted(thread: threading.Thread) -> None:
    """Starts ``thread``; what would interrupt that does so once the thread runs.

    Interrupted while it waits for its thread, ``Thread.start`` would raise a RuntimeError of its
    own locks in place of the interruption.

    Raises:
        RuntimeError: the machine has no thread to give.
    """
    with interruptions_held():
        thread.start()


def end_when_interrupted() -> None:
    """Before a command's own imports: Ctrl-C ends the process, which has begun nothing by then.

    Holds until ``raise_when_interrupted``, which every command calls once it can say what became of
    what it had begun.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _end)


def raise_when_interrupted() -> None:
    """Ends what ``end_when_interrupted`` began: Ctrl-C raises a ``KeyboardInterrupt`` again."""
    if signal.getsignal(signal.SIGINT) is _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_number: int, _frame: FrameType | None) -> NoReturn:
    os._exit(130)  # a SystemExit could be made an ImportError just as well
