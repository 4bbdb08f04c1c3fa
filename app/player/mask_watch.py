"""Whether masks come well enough to be relied on. Knows no clock but what it is told."""

from __future__ import annotations

STALE_AFTER_S = 0.25
"""So long may frames come without a mask."""
_STALE_BELOW = 0.5
_READY_ABOVE = 0.75
"""Shares of the latest frames that came with a mask; apart, so that the state does not flicker."""
_SMOOTHING = 0.25
"""Weight of the newest frame in that share."""


class MaskWatch:
    """Watches the frames of a live video; all ``now_ns`` are of one monotonic clock."""

    def __init__(self) -> None:
        self._share = 0.0
        self._steady = False
        self._unmasked_since_ns: int | None = None

    def frame(self, masked: bool, now_ns: int) -> None:
        """A frame came to the screen, with its own mask or without."""
        self._share += _SMOOTHING * (masked - self._share)
        if self._share > _READY_ABOVE:
            self._steady = True
        elif self._share < _STALE_BELOW:
            self._steady = False
        if masked:
            self._unmasked_since_ns = None
        elif self._unmasked_since_ns is None:
            self._unmasked_since_ns = now_ns

    def stale(self, now_ns: int) -> bool:
        """Whether most frames come without a mask, or all of them do for ``STALE_AFTER_S``."""
        since_ns = self._unmasked_since_ns
        silent = since_ns is not None and now_ns - since_ns > STALE_AFTER_S * 1e9
        return silent or not self._steady
