"""When each moment of a video is due on the monotonic clock."""

from __future__ import annotations


class VideoClock:
    """Ties one moment of the video to one of the clock; the rest follows from ``speed``.

    All ``now_s`` and ``due_s`` are ``time.monotonic()``. Not thread-safe: its owner locks.
    """

    def __init__(self) -> None:
        self.speed = 1.0
        """Seconds of video per second; changed by ``set_speed``."""
        self._pts_s = 0.0
        self._at_s = 0.0

    def set(self, pts_s: float, at_s: float) -> None:
        """Makes ``pts_s`` due at ``at_s``."""
        self._pts_s = pts_s
        self._at_s = at_s

    def set_speed(self, speed: float, now_s: float) -> None:
        """Goes on from the present moment of the video with another speed."""
        self.set(self._pts_s + (now_s - self._at_s) * self.speed, now_s)
        self.speed = speed

    def due_s(self, pts_s: float) -> float:
        return self._at_s + (pts_s - self._pts_s) / self.speed
