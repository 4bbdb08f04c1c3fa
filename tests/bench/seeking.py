"""From asking for a moment of a 1080p clip to its frame, with its own mask, on screen."""

from __future__ import annotations

import random
import time
from threading import Event

from app.config import AppConfig
from app.player.detection import Detection
from app.player.loading import SegmenterLoader
from app.player.playback import OpeningProgress, PlayerState
from app.player.session import PlayerSession
from app.player.shown import Shown
from models.backends.selection import AUTO
from models.weights import DEFAULT_WEIGHTS
from tests.bench.clip import recorded_clip
from tests.bench.report import Figure

FRAMES = 600
RATE = 30
SEEKS = 100


class _Watcher:
    """Waits for the frame that was asked for."""

    def __init__(self) -> None:
        self._arrived = Event()
        self._newest: Shown | None = None
        self._failure = ""

    def on_shown(self, shown: Shown) -> None:
        self._newest = shown
        self._arrived.set()

    def on_state(self, state: PlayerState) -> None: ...

    def on_progress(self, progress: OpeningProgress) -> None: ...

    def on_failed(self, sentence: str) -> None:
        self._failure = sentence
        self._arrived.set()

    def wait(self, generation: int) -> None:
        """Until a segmented frame of this generation is shown."""
        while not self._has(generation):
            if self._failure:
                raise RuntimeError(self._failure)
            self._arrived.wait()
            self._arrived.clear()

    def _has(self, generation: int) -> bool:
        shown = self._newest
        return (
            shown is not None and shown.generation >= generation and shown.segmentation is not None
        )


def measure() -> list[Figure]:
    """Random seeks in a paused video, and in one that plays."""
    clip = recorded_clip(FRAMES, RATE)
    watcher = _Watcher()
    load = SegmenterLoader(AppConfig(AUTO, DEFAULT_WEIGHTS, engine=None, threshold=None))
    session = PlayerSession(clip, load, watcher, Detection(), playing=False)
    session.start()
    try:
        watcher.wait(session.generation)
        figures = [_figure("seek to shown frame, paused", session, watcher)]
        session.play()
        figures.append(_figure("seek to shown frame, playing", session, watcher))
    finally:
        session.close()
    return figures


def _figure(name: str, session: PlayerSession, watcher: _Watcher) -> Figure:
    rng = random.Random(1)
    took_s = []
    for _ in range(SEEKS):
        begun_s = time.monotonic()
        session.seek(rng.uniform(0, (FRAMES - 1) / RATE))
        watcher.wait(session.generation)
        took_s.append(time.monotonic() - begun_s)
        time.sleep(0.1)
    took_s.sort()
    note = f"p95 of {SEEKS}; half of them within {took_s[SEEKS // 2]:.3f} s"
    return Figure(name, took_s[SEEKS * 95 // 100], "s", at_most=0.4, note=note)
