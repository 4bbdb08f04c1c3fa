"""The watching process's end of the wire."""

from __future__ import annotations

import os
import socket
from contextlib import ExitStack

from models.supervised.json_messages import Failure, LogEntry, Ready
from models.supervised.messages import LARGEST_BYTES, Answer, GarbageError, Kind

Said = Ready | Answer | Failure | LogEntry


class Channel:
    """A socket that keeps messages apart, and a counter of the other process's signs of life.

    Raises:
        OSError: the system has no descriptors to give.
    """

    def __init__(self) -> None:
        with ExitStack() as cleanup:
            self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            cleanup.callback(self._ours.close)
            cleanup.callback(self._theirs.close)
            self._beats = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
            cleanup.callback(os.close, self._beats)
            self._cleanup = cleanup.pop_all()

    @property
    def descriptors(self) -> tuple[int, int]:
        """What the other process inherits: its socket and the counter."""
        return self._theirs.fileno(), self._beats

    def handed_over(self) -> None:
        """The other process has its end: from now on it is missed when it closes that."""
        self._theirs.close()

    def send(self, message: bytes, descriptor: int | None = None) -> None:
        """Raises OSError, which is a ConnectionError when the other process is gone."""
        descriptors = [] if descriptor is None else [descriptor]
        socket.send_fds(self._ours, [message], descriptors)

    def receive(self, wait_s: float) -> Said | None:
        """What the other process says within ``wait_s``; None when it says nothing.

        Raises:
            ConnectionError: it is gone.
            GarbageError: it said what no working process would.
        """
        self._ours.settimeout(wait_s)
        try:
            message = self._ours.recv(LARGEST_BYTES)
        except (TimeoutError, BlockingIOError):
            return None
        if not message:
            raise ConnectionResetError
        return _read(message)

    def heard(self) -> bool:
        """Whether there was a sign of life since this was last asked."""
        try:
            return os.eventfd_read(self._beats) > 0
        except BlockingIOError:
            return False

    def close(self) -> None:
        """May be called again."""
        self._cleanup.close()


def _read(message: bytes) -> Said:
    match message[0]:
        case Kind.READY:
            return Ready.from_bytes(message)
        case Kind.ANSWER:
            return Answer.from_bytes(message)
        case Kind.FAILURE:
            return Failure.from_bytes(message)
        case Kind.LOG:
            return LogEntry.from_bytes(message)
    raise GarbageError(f"a message of kind {message[0]}")
