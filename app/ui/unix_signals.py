"""Lets Qt's event loop hear of SIGTERM and SIGINT, which Python alone would sleep through."""

from __future__ import annotations

import signal
import socket
from types import FrameType

from PyQt6.QtCore import QObject, QSocketNotifier, pyqtSignal
from PyQt6.sip import voidptr

_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class SignalWatch(QObject):
    """Tells of SIGTERM and SIGINT on the GUI thread, until it is closed. Main thread only."""

    arrived = pyqtSignal(int)
    """The signal's number."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._notifier = QSocketNotifier(
            voidptr(self._reading.fileno()), QSocketNotifier.Type.Read, self
        )
        self._notifier.activated.connect(self._read)
        self._handlers_before = {number: signal.signal(number, _ignore) for number in _SIGNALS}
        self._descriptor_before = signal.set_wakeup_fd(self._writing.fileno())

    def close(self) -> None:
        """Gives the signals back to those who had them before."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._descriptor_before)
        for number, handler in self._handlers_before.items():
            signal.signal(number, handler)
        self._reading.close()
        self._writing.close()

    def _read(self) -> None:
        for number in self._reading.recv(64):
            if number in _SIGNALS:
                self.arrived.emit(number)


def _ignore(number: int, frame: FrameType | None) -> None:
    """Without a handler of Python's own, nothing is written to the wake-up socket."""
