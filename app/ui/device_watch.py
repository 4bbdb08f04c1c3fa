"""Which capture devices are there, looked for again and again without holding up the window."""

from __future__ import annotations

import logging
import sys

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.sources.capture_device import CaptureDevice
from app.sources.capture_devices import capture_devices
from app.ui.errands import Errands

_AGAIN_MS = 1500
"""After the last look; on Linux alone, where looking opens no camera."""

_log = logging.getLogger(__name__)


class DeviceWatch(QObject):
    """Looks when it is told to, and then again and again until ``stop``; on threads of its own."""

    found = pyqtSignal(object)
    """``tuple[CaptureDevice, ...]``, after each look."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        # A driver that never answers must not keep the program from ending.
        self._errands = Errands(self, "polyplens-devices", self._looked, daemon=True)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_AGAIN_MS)
        self._again.timeout.connect(self.look)

    def look(self) -> None:
        """Looks now, unless it does already."""
        if not self._errands.awaited:
            self._errands.send(_look)

    def stop(self) -> None:
        """Says nothing more."""
        self._errands.forget()
        self._again.stop()

    def _looked(self, devices: tuple[CaptureDevice, ...]) -> None:
        if sys.platform == "linux":
            self._again.start()
        self.found.emit(devices)


def _look() -> tuple[CaptureDevice, ...]:
    try:
        return capture_devices()
    except Exception:  # noqa: BLE001 - the dialog still takes addresses
        _log.exception("the capture devices could not be listed")
        return ()
