"""What of a session's state is news that the person should read."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from app.player.playback import PlayerState
from models.backends.base import BackendInfo


class StateNotices(QObject):
    """Compares each state of one video with the one before."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: tuple[str, ...] = ()

    def forget(self) -> None:
        """Another video begins."""
        self._known = ()

    def news(self, state: PlayerState) -> str:
        """What came since the last state: a runtime that was passed over, a damaged file; empty
        where nothing did."""
        sentences = (*state.notices, *state.report.messages)
        fresh = [sentence for sentence in sentences if sentence not in self._known]
        self._known = sentences
        if fresh and state.runtime is not None:
            fresh.append(self._runs_on(state.runtime))
        return " ".join(fresh)

    def _runs_on(self, runtime: BackendInfo) -> str:
        sentence = self.tr("The network runs with {runtime} on {device}.")
        return sentence.format(runtime=runtime.backend, device=runtime.device)
