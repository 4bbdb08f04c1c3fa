"""What a person does with a video that plays; each does nothing where it cannot be done."""

from __future__ import annotations

from PyQt6.QtCore import QObject, pyqtSignal

from app.player.playback import LARGEST_SPEED, LEAST_SPEED, WHOLE_VIDEO, Span
from app.player.shown import Shown
from app.ui.time_text import clock_text
from app.ui.viewer_model import ViewerModel

SPEEDS = (LEAST_SPEED, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 4.0, LARGEST_SPEED)
_NEAR_S = 1e-6


class PlayerControls(QObject):
    """Playing, seeking, looping and bookmarks of the model's session."""

    position_changed = pyqtSignal(float)
    """Seconds: where the video stands, or is about to."""

    def __init__(self, model: ViewerModel) -> None:
        super().__init__(model)
        self._model = model
        self._target_s: float | None = None
        """Where a seek goes that is not on screen yet: held keys add up from there."""
        self._loop_start_s: float | None = None
        model.shown_changed.connect(self._arrived)
        model.opened.connect(self._forget)

    @property
    def position_s(self) -> float:
        if self._target_s is not None:
            return self._target_s
        shown = self._model.shown
        return 0.0 if shown is None else shown.frame.pts_s

    def toggle(self) -> None:
        """Plays or stands still; what is live freezes on screen, or goes on with what is now."""
        session = self._model.session
        if session is not None:
            session.toggle()

    def step(self, frames: int) -> None:
        session = self._model.recording
        if session is not None:
            self._target_s = None
            session.step(frames)

    def seek(self, pts_s: float) -> None:
        session, state = self._model.recording, self._model.state
        if session is None or state is None or not state.seekable:
            return
        latest_s = pts_s if state.duration_s is None else min(pts_s, state.duration_s)
        self._target_s = max(latest_s, 0.0)
        session.seek(self._target_s)
        self.position_changed.emit(self._target_s)

    def seek_by(self, seconds: float) -> None:
        self.seek(self.position_s + seconds)

    def seek_to_end(self) -> None:
        state = self._model.state
        if state is not None and state.duration_s is not None:
            self.seek(state.duration_s)

    def next_event(self) -> None:
        event = self._model.events.after(self.position_s)
        if event is None:
            self._model.hint(self.tr("No later event seen"))
        else:
            self.seek(event.start_s)

    def previous_event(self) -> None:
        event = self._model.events.before(self.position_s)
        if event is None:
            self._model.hint(self.tr("No earlier event seen"))
        else:
            self.seek(event.start_s)

    def toggle_bookmark(self) -> None:
        session = self._model.recording
        if session is not None and self._model.shown is not None:
            session.toggle_bookmark(self._model.shown.frame.pts_s)
            self._model.gather()

    def next_bookmark(self) -> None:
        later = [mark for mark in self._model.bookmarks if mark > self.position_s + _NEAR_S]
        if later:
            self.seek(later[0])

    def previous_bookmark(self) -> None:
        earlier = [mark for mark in self._model.bookmarks if mark < self.position_s - _NEAR_S]
        if earlier:
            self.seek(earlier[-1])

    def set_speed(self, speed: float) -> None:
        session = self._model.recording
        if session is not None:
            session.set_speed(speed)

    def faster(self) -> None:
        state = self._model.state
        if state is not None:
            self.set_speed(min((s for s in SPEEDS if s > state.speed), default=LARGEST_SPEED))

    def slower(self) -> None:
        state = self._model.state
        if state is not None:
            self.set_speed(max((s for s in SPEEDS if s < state.speed), default=LEAST_SPEED))

    def toggle_loop(self) -> None:
        """The whole video again and again, or no longer."""
        session, state = self._model.recording, self._model.state
        if session is None or state is None:
            return
        self._loop_start_s = None
        if state.loop is None:
            session.set_loop(WHOLE_VIDEO)
        else:
            session.set_loop(None)

    def mark_loop(self) -> None:
        """First the start of the part to loop, then its end, then no loop any more."""
        session, state = self._model.recording, self._model.state
        if session is None or state is None or not state.seekable:
            return
        if self._loop_start_s is None and state.loop is not None:
            session.set_loop(None)
        elif self._loop_start_s is None:
            self._loop_start_s = self.position_s
            start = clock_text(self._loop_start_s)
            self._model.hint(
                self.tr("Loop from {start}: press again at its end").format(start=start)
            )
        else:
            start_s, end_s = sorted((self._loop_start_s, self.position_s))
            self._loop_start_s = None
            if end_s > start_s:
                session.set_loop(Span(start_s, end_s))

    def _arrived(self, shown: Shown) -> None:
        session = self._model.session
        if session is not None and shown.generation >= session.generation:
            self._target_s = None
        self.position_changed.emit(self.position_s)

    def _forget(self) -> None:
        self._target_s = None
        self._loop_start_s = None
        self.position_changed.emit(0.0)
