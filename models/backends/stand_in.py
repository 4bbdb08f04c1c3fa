"""A runtime that is none: it takes a fixed time, and shows what everything around it costs."""

from __future__ import annotations

import time
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.backends.base import Backend, BackendInfo
from models.spec import ModelSpec

_TURN = 120
"""Frames in which the disc goes round once."""


class StandInBackend(Backend):
    """Answers every frame after ``latency_ms`` with a disc that goes round; it looks at nothing.

    For measuring alone: no selection offers it, and it names itself ``stand-in`` in every output.
    The wait leaves the processor to others, as a runtime does that runs on a device of its own. The
    network's input is made as for any other runtime, and its time comes on top.

    Raises:
        ValueError: ``latency_ms`` is negative.
    """

    name: ClassVar[str] = "stand-in"

    def __init__(self, spec: ModelSpec, latency_ms: float) -> None:
        if latency_ms < 0:
            raise ValueError(f"the stand-in's latency is at least 0 ms, not {latency_ms:g}")
        super().__init__(spec)
        self._latency_ms = latency_ms
        self._disc = _disc(spec.height, spec.width)
        self._answered = 0

    @property
    def info(self) -> BackendInfo:
        return BackendInfo(
            self.name,
            version="",
            device=f"no network, a fixed {self._latency_ms:g} ms",
            precision="none",
        )

    def _activate(self) -> None:
        self._answered = 0

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        due_ns = time.monotonic_ns() + round(self._latency_ms * 1e6)
        angle = 2 * np.pi * self._answered / _TURN
        self._answered += 1
        height, width = self.spec.height, self.spec.width
        # The window goes round on a canvas twice as large, whose middle holds the disc.
        row = round(height / 2 * (1 + 0.5 * np.sin(angle)))
        column = round(width / 2 * (1 + 0.5 * np.cos(angle)))
        probability = self._disc[row : row + height, column : column + width].copy()
        time.sleep(max(0, due_ns - time.monotonic_ns()) / 1e9)
        return probability

    def _deactivate(self) -> None: ...


def _disc(height: int, width: int) -> NDArray[np.uint8]:
    """(2 height, 2 width) uint8: a disc in the middle, sure inside, fading over a few pixels."""
    rows, columns = np.ogrid[: 2 * height, : 2 * width]
    distance = np.hypot(rows - height, columns - width)
    edge = (min(height, width) / 8 - distance) / 8
    return np.asarray(255 * np.clip(edge + 0.5, 0, 1), np.uint8)
