"""All that the viewer's windows show, in one place; they hold nothing themselves."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from app.player.base import PlayerListener, Session
from app.player.events import EventSnapshot
from app.player.live_gate import OLDEST_MASK_S
from app.player.live_session import LiveSession
from app.player.playback import OpeningProgress, PlaybackState, PlayerState
from app.player.recorder import RecordingState
from app.player.session import PlayerSession
from app.player.session_maker import SessionMaker
from app.player.settings import SMALLER_INPUT_SIZE, ViewerSettings
from app.player.shown import AiState, Shown
from app.sources.live import CaptureWish, SignalState
from app.sources.live_opening import is_live
from app.sources.location_text import holds_secret
from app.sources.opening import PHANTOM
from app.ui.bridge import PlayerBridge
from app.ui.marker_look import MarkerLook
from app.ui.probe import Probe
from app.ui.settings_file import SettingsFile
from app.ui.state_notices import StateNotices
from models.backends.base import BackendInfo

_EVENTS_EVERY_MS = 250

_log = logging.getLogger(__name__)


class ViewerModel(QObject):
    """What is set, what plays and what is on screen. GUI thread only.

    Args:
        settings_path: where changed settings are saved to.
        sessions: makes the session of each video. What loads the network follows
            ``settings_changed``.
        input_size: of the network, as the command line asks for it; wins over the settings'.
    """

    settings_changed = pyqtSignal(object)
    """``ViewerSettings``"""
    look_changed = pyqtSignal(object)
    """``MarkerLook``"""
    requested = pyqtSignal(str)
    """The location of a video that is about to be opened."""
    opened = pyqtSignal(str)
    """The location of the video that is on screen from now on; empty after it was closed."""
    shown_changed = pyqtSignal(object)
    """``Shown``"""
    state_changed = pyqtSignal(object)
    """``PlayerState``, or None without a video."""
    progress_changed = pyqtSignal(object)
    """``OpeningProgress``, or None when nothing is loaded any more."""
    events_changed = pyqtSignal(object)
    """``EventSnapshot``"""
    bookmarks_changed = pyqtSignal(object)
    """Times in seconds: ``tuple[float, ...]``."""
    noticed = pyqtSignal(str)
    """One sentence that the person should know; empty takes the last one away."""
    damage_changed = pyqtSignal(object)
    """What could not be read of the video so far, sentences whose counts rise while it plays:
    ``tuple[str, ...]``."""
    hinted = pyqtSignal(str)
    """A few words on what was just done."""

    def __init__(
        self,
        settings: ViewerSettings,
        settings_path: Path,
        sessions: SessionMaker,
        parent: QObject | None = None,
        *,
        input_size: int | None = None,
    ) -> None:
        super().__init__(parent)
        self.bridge = PlayerBridge(self)
        self._settings = settings
        self._settings_file = SettingsFile(settings_path, settings, self)
        self._sessions = sessions
        self._input_size = input_size
        self._crop_to_area = False
        self._location = ""
        self._shown: Shown | None = None
        self._state: PlayerState | None = None
        self._events = EventSnapshot()
        self._bookmarks: tuple[float, ...] = ()
        self._progress: OpeningProgress | None = None
        self._notices = StateNotices(self)
        self._marked = False
        """Whether a frame of this video was shown with a marker."""
        self._logged_runtime: BackendInfo | None = None

        self._settings_file.failed.connect(self.notice)
        self._probe = Probe(self)
        self._probe.opened.connect(self._begin)
        self._probe.refused.connect(self._refused)
        self.bridge.shown.connect(self._take_shown)
        self.bridge.state_changed.connect(self._take_state)
        self.bridge.progress.connect(self._take_progress)
        self.bridge.failed.connect(self._failed)
        self._gathering = QTimer(self)
        self._gathering.setInterval(_EVENTS_EVERY_MS)
        self._gathering.timeout.connect(self.gather)

    @property
    def settings(self) -> ViewerSettings:
        return self._settings

    @property
    def look(self) -> MarkerLook:
        return MarkerLook(
            kind=self._settings.marker,
            visible=self._settings.markers_visible and not self.picture_old,
            opacity=self._settings.opacity,
            side_by_side=self._settings.side_by_side,
            crop_to_area=self._crop_to_area,
        )

    @property
    def location(self) -> str:
        """Of the video that is on screen; empty without one."""
        return self._location

    @property
    def session(self) -> Session | None:
        return self.bridge.session if self._location else None

    @property
    def recording(self) -> PlayerSession | None:
        """The session, where a recorded video plays: one that can be sought and stepped."""
        session = self.session
        return session if isinstance(session, PlayerSession) else None

    @property
    def shown(self) -> Shown | None:
        return self._shown

    @property
    def state(self) -> PlayerState | None:
        return self._state

    @property
    def ai(self) -> tuple[AiState, str]:
        """What may be expected of the marker, and why where it is OFF."""
        if self._state is None:
            return AiState.NO_SIGNAL, ""
        return self._state.ai, self._state.ai_reason

    @property
    def events(self) -> EventSnapshot:
        return self._events

    @property
    def bookmarks(self) -> tuple[float, ...]:
        return self._bookmarks

    @property
    def progress(self) -> OpeningProgress | None:
        return self._progress

    @property
    def live(self) -> bool:
        """Whether the source is live: numbers that tempt to be trusted stay hidden then."""
        return is_live(self._location)

    @property
    def frozen(self) -> bool:
        """Whether a live picture stands still because the person wants it."""
        state = self._state
        return self.live and state is not None and state.playback is PlaybackState.PAUSED

    @property
    def picture_old(self) -> bool:
        """Whether what is on screen of a live source is not what it gives now, and nobody froze
        it."""
        signal = None if self._state is None else self._state.signal
        lost = signal is None or signal.state is not SignalState.LIVE
        return self.live and not self.frozen and lost

    @property
    def input_size_reason(self) -> str:
        """Why the input size of the settings does not count now; empty where it does."""
        if self._input_size is not None:
            sentence = self.tr("The command line has chosen the input size: {size}.")
            return sentence.format(size=self._input_size)
        runtime = None if self._state is None else self._state.runtime
        if runtime is not None and runtime.backend == "tensorrt":
            return self.tr("A TensorRT engine runs: it has the input size it was built for.")
        own = None if self._state is None else self._state.input_size
        # The size that was chosen runs on for a while when the model's own is chosen instead of it.
        if self._settings.input_size is None and own is not None and own < SMALLER_INPUT_SIZE:
            return self.tr("The model's own input is smaller than what could be chosen.")
        return ""

    def change(self, **changes: Any) -> None:
        """Replaces fields of the settings, by their names; they are saved soon.

        Raises:
            ValueError: a value is out of its range.
        """
        before = self._settings
        self._settings = replace(before, **changes)
        if self._settings == before:
            return
        self._settings_file.keep(self._settings)
        self.settings_changed.emit(self._settings)
        self.look_changed.emit(self.look)
        if before.input_size != self._settings.input_size:
            self.renew_segmenter()
        session = self.session
        if session is not None and before.detection != self._settings.detection:
            session.set_detection(self._settings.detection)
        if isinstance(session, LiveSession) and before.mask_wait_ms != self._settings.mask_wait_ms:
            session.set_mask_wait(self._settings.mask_wait_ms)

    def set_crop_to_area(self, crop: bool) -> None:
        """Not remembered: the next endoscope's screen may look different."""
        self._crop_to_area = crop
        self.look_changed.emit(self.look)

    def open(self, location: str) -> None:
        """Plays the video at ``location``. Where a file cannot be opened, or the address of what is
        live is malformed, the one before plays on; what is live is waited for."""
        self.requested.emit(location)
        self._probe.cancel()
        if self._location and location != PHANTOM:
            self._set_progress(OpeningProgress("opening", None))
            self._probe.start(location, self._settings.wish_for(location))
        else:
            self._begin(location)

    def open_capture(self, location: str, wish: CaptureWish) -> None:
        """Opens a capture device or a stream, and remembers it as the last one."""
        if holds_secret(location):
            self.change(capture_location="", capture_wish=CaptureWish())
        else:
            self.change(capture_location=location, capture_wish=wish)
        self.open(location)

    @property
    def can_retry(self) -> bool:
        """Whether a live source, or its network, broke down too often to come back by itself."""
        session, state = self.session, self._state
        if not isinstance(session, LiveSession) or state is None or state.signal is None:
            return False
        return state.signal.state is SignalState.FAILED or session.network_stays_out

    def retry(self) -> None:
        """Tries again what ``can_retry`` says."""
        session = self.session
        if isinstance(session, LiveSession):
            session.retry()

    def renew_segmenter(self) -> None:
        """Has the network loaded anew, such as with an engine that was built just now; the video
        goes on. Without a video nothing happens: the next one has its network loaded anyway."""
        session = self.session
        if session is not None:
            session.renew_segmenter()

    def close_video(self) -> None:
        self._probe.cancel()
        self.bridge.stop()
        self._reset("")

    def cancel_loading(self) -> None:
        """What opens is given up; where only the network loads, the video goes on without it,
        opened anew. That would end a recording: while one runs, the network goes on loading."""
        opening = self._state is None or self._state.playback is PlaybackState.OPENING
        probing = self._probe.cancel()
        if probing:
            self._set_progress(None)
        elif opening:
            self.close_video()
        elif self._recorded:
            self.notice(
                self.tr(
                    "Loading is not cancelled, for that would end the recording; "
                    "stop the recording first."
                )
            )
        else:
            self._start(self._location, segmented=False)
            self.notice(self.tr("Loading was cancelled: the video plays without markers."))

    def notice(self, sentence: str) -> None:
        if sentence:
            _log.warning("%s", sentence)
        self.noticed.emit(sentence)

    def hint(self, words: str) -> None:
        self.hinted.emit(words)

    def save(self) -> None:
        """Saves the settings now."""
        self._settings_file.save()

    def gather(self) -> None:
        """Takes over what the session found out beside the frames."""
        session = self.session
        if session is None:
            return
        events, recording = session.events, self.recording
        bookmarks = () if recording is None else recording.bookmarks
        if events is not self._events:
            self._events = events
            self.events_changed.emit(events)
        if bookmarks != self._bookmarks:
            self._bookmarks = bookmarks
            self.bookmarks_changed.emit(bookmarks)
        state = self._state
        if state is not None and self._smaller_input_helps(state):
            offer = self._notices.offer(state, session.segment_p50_ms)
            if offer:
                self.notice(offer)

    def close(self) -> bool:
        """Saves, and ends everything; whether all threads have ended."""
        self._probe.cancel()
        self._gathering.stop()
        self.save()
        return self.bridge.close()

    def _begin(self, location: str) -> None:
        self._start(location, segmented=True)
        self.notice("")

    def _start(self, location: str, *, segmented: bool) -> None:
        self.bridge.stop()  # nobody takes the session of the video before for that of this one
        self._reset(location)
        self._set_progress(OpeningProgress("opening", None))

        def make(listener: PlayerListener) -> Session:
            return self._sessions.make(location, self._settings, listener, segmented=segmented)

        self.bridge.open(make)
        self._gathering.start()

    def _reset(self, location: str) -> None:
        self._gathering.stop()
        self._location = location
        self._shown = None
        self._state = None
        self._events = EventSnapshot()
        self._bookmarks = ()
        self._notices.forget()
        self._marked = False
        self._logged_runtime = None
        self._set_progress(None)
        self.opened.emit(location)
        self.state_changed.emit(None)
        self.events_changed.emit(self._events)
        self.bookmarks_changed.emit(())
        self.damage_changed.emit(())

    def _take_shown(self, shown: Shown) -> None:
        age_s = (time.monotonic_ns() - shown.frame.captured_ns) / 1e9
        if self.live and not self.frozen and age_s > OLDEST_MASK_S:
            shown = shown.without_mask()  # it was young enough when it was handed over
        self._shown = shown
        if self._progress is not None and self._progress.step != "loading":
            self._set_progress(None)
        self.shown_changed.emit(shown)
        if shown.alerts and not self._marked:
            self._marked = True
            _log.info("the first frame with a marker is shown")

    def _take_state(self, state: PlayerState) -> None:
        old_before = self.picture_old
        before, self._state = self._state, state
        if self.picture_old is not old_before:
            self.look_changed.emit(self.look)
        if state.runtime not in (None, self._logged_runtime):
            self._logged_runtime = state.runtime
            _log.info("the network runs with %s", state.runtime)
        if state.source is not None and (before is None or before.source is None):
            self._remember_location()
        self.state_changed.emit(state)
        self._take_damage(() if before is None else before.report.messages, state.report.messages)
        news = self._notices.news(state)
        if news:
            self.notice(news)

    def _take_damage(self, before: tuple[str, ...], now: tuple[str, ...]) -> None:
        if now == before:
            return
        if len(now) > len(before):  # not every count, of which a damaged video has thousands
            _log.warning("%s", " ".join(now))
        self.damage_changed.emit(now)

    def _smaller_input_helps(self, state: PlayerState) -> bool:
        """Whether the network takes more than the smaller size, which can be chosen."""
        return (
            state.input_size is not None
            and state.input_size > SMALLER_INPUT_SIZE
            and self._settings.input_size is None
            and not self.input_size_reason
        )

    @property
    def _recorded(self) -> bool:
        session = self.session
        recording = session.recording if isinstance(session, LiveSession) else None
        return recording is not None and recording.state is RecordingState.RECORDING

    def _remember_location(self) -> None:
        if self._location != PHANTOM and not holds_secret(self._location):
            location = self._location if self.live else str(Path(self._location).absolute())
            self.change(recent_files=self._settings.with_recent(location).recent_files)

    def _take_progress(self, progress: OpeningProgress) -> None:
        loaded = progress.step == "loading" and progress.share == 1
        self._set_progress(None if loaded else progress)

    def _refused(self, sentence: str) -> None:
        self._set_progress(None)
        self.notice(sentence)

    def _failed(self, sentence: str) -> None:
        """What was shown stays on the screen; where nothing was, it is as before the opening."""
        if self._shown is None:
            self.close_video()
        self._refused(sentence)

    def _set_progress(self, progress: OpeningProgress | None) -> None:
        if progress != self._progress:
            self._progress = progress
            self.progress_changed.emit(progress)
