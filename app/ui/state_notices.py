"""What of a session's state is news that the person should read."""

from __future__ import annotations

import time

from PyQt6.QtCore import QObject

from app.player.playback import PlaybackState, PlayerState
from app.player.settings import SMALLER_INPUT_SIZE
from models.backends.base import BackendInfo

SLOW_FOR_S = 3.0
"""So long must a video play faster than its network: the first frames take longer."""


class StateNotices(QObject):
    """Looks at each state of one video, and remembers what was said of it."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._said: set[str] = set()
        self._offered = False
        self._slow_since_s: float | None = None

    def forget(self) -> None:
        """Another video begins."""
        self._said = set()
        self._slow_since_s = None

    def news(self, state: PlayerState) -> str:
        """What was not said of this video yet, such as a runtime that was passed over; empty where
        there is nothing. A network that is started again has no news."""
        fresh = [sentence for sentence in state.notices if sentence not in self._said]
        self._said.update(fresh)
        if state.runtime is not None and not set(fresh).isdisjoint(state.runtime.passed_over):
            fresh.append(self._runs_on(state.runtime))
        return " ".join(fresh)

    def offer(self, state: PlayerState, network_ms: float) -> str:
        """What makes a network faster that is slower than the video, once for all videos; empty
        where it is not slower.

        Args:
            network_ms: what the network takes for a frame; 0: not known yet.
        """
        if self._offered or not self._slow_for_long(state, network_ms):
            return ""
        self._offered = True
        sentence = self.tr(
            "The network is slower than this video; the input size {size} in the preferences is"
            " faster, and sees small polyps less."
        )
        return sentence.format(size=SMALLER_INPUT_SIZE)

    def _slow_for_long(self, state: PlayerState, network_ms: float) -> bool:
        """Whether the network has been taking longer for a frame than the video, which plays."""
        rate = 0.0 if state.source is None else float(state.source.rate)
        if state.playback is not PlaybackState.PLAYING or network_ms * rate <= 1000:
            self._slow_since_s = None
            return False
        now_s = time.monotonic()
        if self._slow_since_s is None:
            self._slow_since_s = now_s
        return now_s - self._slow_since_s >= SLOW_FOR_S

    def _runs_on(self, runtime: BackendInfo) -> str:
        sentence = self.tr("The network runs with {runtime} on {device}.")
        return sentence.format(runtime=runtime.backend, device=runtime.device)
