"""Which capture devices are there, looked for again and again without holding up the window."""

from __future__ import annotations

import logging
import sys
from queue import Empty, SimpleQueue
from threading import Thread

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.sources.capture_device import CaptureDevice
from app.sources.capture_devices import capture_devices

_POLL_MS = 30
_AGAIN_MS = 1500
"""After the last look; on Linux alone, where looking opens no camera."""

_log = logging.getLogger(__name__)


class DeviceWatch(QObject):
    """Looks when it is told to, and then again and again until ``stop``; on threads of its own."""

    found = pyqtSignal(object)
    """``tuple[CaptureDevice, ...]``, after each look."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._answers: SimpleQueue[tuple[CaptureDevice, ...]] = SimpleQueue()
        self._looking = False
        self._polling = QTimer(self)
        self._polling.setInterval(_POLL_MS)
        self._polling.timeout.connect(self._poll)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self.look)

    def look(self) -> None:
        """Looks now, unless it does already."""
        if self._looking:
            return
        self._looking = True
        # A daemon: a driver that never answers must not keep the program from ending.
        Thread(target=_look, args=(self._answers,), name="polyplens-devices", daemon=True).start()
        self._polling.start()

    def stop(self) -> None:
        """Says nothing more."""
        self._polling.stop()
        self._again.stop()

    def _poll(self) -> None:
        try:
            devices = self._answers.get_nowait()
        except Empty:
            return
        self._looking = False
        self._polling.stop()
        if sys.platform == "linux":
            self._again.start()
        self.found.emit(devices)


def _look(answers: SimpleQueue[tuple[CaptureDevice, ...]]) -> None:
    devices: tuple[CaptureDevice, ...] = ()
    try:
        devices = capture_devices()
    except Exception:  # noqa: BLE001 - the dialog still takes addresses
        _log.exception("the capture devices could not be listed")
    answers.put(devices)
