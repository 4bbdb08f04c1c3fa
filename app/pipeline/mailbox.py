"""The bounded hand-over from one thread to the next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import Enum
from threading import Condition, Lock
from typing import Generic, TypeVar

T = TypeVar("T")


class DropPolicy(Enum):
    """What happens when a frame arrives where there is no room for it."""

    EVERY = "every"
    """The giver waits: nothing is dropped. For recorded video."""
    LATEST = "latest"
    """The oldest waiting frame makes room and is counted as dropped. For live video."""


class MailboxClosedError(Exception):
    """Something was put into a mailbox that takes nothing more."""


@dataclass(frozen=True, slots=True)
class MailboxCounts:
    """What went through a mailbox so far."""

    accepted: int
    """Items put in, whatever became of them."""
    displaced: int
    """Items that made room for newer ones; always 0 under EVERY."""
    depth: int
    """Items that wait now, at most the capacity."""


class Mailbox(Generic[T]):
    """First in, first out, at most ``capacity`` items; for one giver and one taker.

    Raises:
        ValueError: ``capacity`` is below 1.
    """

    def __init__(self, capacity: int, policy: DropPolicy) -> None:
        if capacity < 1:
            raise ValueError(f"a mailbox holds at least 1 item, not {capacity}")
        self._capacity = capacity
        self._policy = policy
        self._items: deque[T] = deque()
        # Entered itself, not through the Condition: a signal cannot come between taking a lock and
        # the with statement that gives it back, but it can between a Condition and its lock.
        self._lock = Lock()
        self._changed = Condition(self._lock)
        self._closed = False
        self._accepted = 0
        self._displaced = 0

    def put(self, item: T) -> T | None:
        """Adds ``item``; gives back the item that it displaced, which only LATEST does.

        Under EVERY this waits until there is room.

        Raises:
            MailboxClosedError: the mailbox is closed, or was closed during the wait; ``item`` is
                not in it.
        """
        with self._lock:
            if self._policy is DropPolicy.EVERY:
                self._changed.wait_for(lambda: self._closed or len(self._items) < self._capacity)
            if self._closed:
                raise MailboxClosedError
            displaced = self._items.popleft() if len(self._items) == self._capacity else None
            self._items.append(item)
            self._accepted += 1
            self._displaced += displaced is not None
            self._changed.notify()
            return displaced

    def take(self) -> T | None:
        """The oldest item, waited for; None once the mailbox is closed and empty."""
        with self._lock:
            self._changed.wait_for(lambda: self._closed or self._items)
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify()
            return item

    def take_waiting(self) -> T | None:
        """The oldest item if there is one now; None if there is none, whatever may still come."""
        with self._lock:
            if not self._items:
                return None
            item = self._items.popleft()
            self._changed.notify()
            return item

    def close(self) -> None:
        """The giver's end: nothing more comes, what waits can still be taken."""
        with self._lock:
            self._closed = True
            self._changed.notify_all()

    def discard(self) -> list[T]:
        """The taker's end: closes, and gives back what nobody will take, oldest first."""
        with self._lock:
            self._closed = True
            left = list(self._items)
            self._items.clear()
            self._changed.notify_all()
            return left

    def counts(self) -> MailboxCounts:
        """May be called from any thread."""
        with self._lock:
            return MailboxCounts(self._accepted, self._displaced, len(self._items))
