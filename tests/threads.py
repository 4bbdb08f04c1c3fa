"""Work on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Thread
from typing import TypeVar

Answer = TypeVar("Answer")


@contextmanager
def on_a_thread(work: Callable[[], Answer], limit_s: float = 60.0) -> Iterator[list[Answer]]:
    """Does ``work`` meanwhile, which must end within ``limit_s`` after the block.

    The list is empty until it ends, and holds what it gave from then on.
    """
    answers: list[Answer] = []
    thread = Thread(target=lambda: answers.append(work()))
    thread.start()
    yield answers
    thread.join(limit_s)
    assert not thread.is_alive()
