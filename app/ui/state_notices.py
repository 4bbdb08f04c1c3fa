"""What of a session's state is news that the person should read."""

from __future__ import annotations

from PyQt6.QtCore import QObject

from app.player.base import Session
from app.player.playback import PlayerState
from app.player.settings import SMALLER_INPUT_SIZE
from models.backends.base import BackendInfo

_ENOUGH_FRAMES = 12
"""Until the network's time is taken for what it is: its first frames take longer."""


class StateNotices(QObject):
    """Compares each state of one video with the one before."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._known: tuple[str, ...] = ()
        self._offered = False

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

    def offer(self, session: Session) -> str:
        """What makes a network faster that is slower than the video, once for all videos; empty
        where it is not slower.

        What the session says of the slowness itself comes before it: this takes its place.
        """
        if self._offered or not _is_slow(session):
            return ""
        self._offered = True
        state = session.state
        passed_over = () if state.runtime is None else state.runtime.passed_over
        said = [notice for notice in state.notices if notice not in passed_over]
        sentence = self.tr(
            "The network is slower than this video; the input size {size} in the preferences is"
            " faster, and sees small polyps less."
        )
        return " ".join((*said, sentence.format(size=SMALLER_INPUT_SIZE)))

    def _runs_on(self, runtime: BackendInfo) -> str:
        sentence = self.tr("The network runs with {runtime} on {device}.")
        return sentence.format(runtime=runtime.backend, device=runtime.device)


def _is_slow(session: Session) -> bool:
    """Whether the network takes longer for most frames than the video does."""
    source, pipeline = session.state.source, session.statistics.pipeline
    stage = None if pipeline is None else pipeline.segment
    if source is None or stage is None or stage.frames_out < _ENOUGH_FRAMES:
        return False
    return stage.duration.p50_ms * float(source.rate) > 1000
