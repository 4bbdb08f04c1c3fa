"""How long the event loop did not come round."""

from __future__ import annotations

import time

from PyQt6.QtCore import QTimer

LONGEST_GAP_MS = 100
"""From here on a person feels that the window hangs."""


class GapMeter:
    """Beats as often as the event loop comes round, and keeps the longest pause."""

    def __init__(self) -> None:
        self.longest_ms = 0.0
        self._last_s = time.monotonic()
        self._timer = QTimer()
        self._timer.setInterval(5)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def stop(self) -> float:
        self._timer.stop()
        return self.longest_ms

    def _beat(self) -> None:
        now_s = time.monotonic()
        self.longest_ms = max(self.longest_ms, (now_s - self._last_s) * 1000)
        self._last_s = now_s
