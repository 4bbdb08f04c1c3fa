"""How long a frame takes from its capture to the screen."""

from __future__ import annotations

import time

from PyQt6.QtCore import QObject

from app.pipeline.metrics import Percentiles, Ring, percentiles
from app.player.shown import Shown
from app.ui.picture_view import PictureView


class ScreenDelay(QObject):
    """Measures every frame that ``view`` paints, the first time that it does."""

    def __init__(self, view: PictureView) -> None:
        super().__init__(view)
        self._view = view
        self._last: Shown | None = None
        self._delays_ns = Ring()
        view.painted.connect(self._measure)

    @property
    def delay(self) -> Percentiles:
        """From ``Frame.captured_ns`` to the end of its painting."""
        return percentiles(self._delays_ns)

    def forget(self) -> None:
        """Another video begins."""
        self._delays_ns = Ring()

    def _measure(self) -> None:
        shown = self._view.shown
        if shown is None or (self._last is not None and self._last.frame is shown.frame):
            return
        self._last = shown
        self._delays_ns.add(time.monotonic_ns() - shown.frame.captured_ns)
