"""The strip below the video: what may be expected of the marker, where it stands, and buttons."""

from __future__ import annotations

from PyQt6.QtCore import QEvent, QSize, Qt, QTimer
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.player.playback import PlaybackState, PlayerState
from app.player.settings import ViewerSettings
from app.player.shown import AiState, Shown
from app.ui.actions import ActionSet
from app.ui.fading_button import FadingButton
from app.ui.player_controls import PlayerControls
from app.ui.recording_badge import RecordingBadge
from app.ui.state_badge import StateBadge
from app.ui.theme import icon
from app.ui.time_bar import TimeBar
from app.ui.time_text import clock_text
from app.ui.viewer_model import ViewerModel
from app.ui.words_line import WordsLine

_HINT_MS = 3000
_PLAYING = ("previous_event", "step_back", "play", "step_forward", "next_event", "loop")
_RECORDED_ONLY = ("previous_event", "step_back", "step_forward", "next_event", "loop", "bookmark")
_LIVE_ONLY = ("record",)
_LOOKING = (
    "markers",
    "side_by_side",
    "bookmark",
    "snapshot",
    "record",
    "mute",
    "events",
    "statistics",
)
_FIRST_TO_GO = ("statistics", "side_by_side", "events")
"""In this order, where a window is narrow: menus and keys do the same."""
_SPACING = 4


class TransportBar(QFrame):
    """Time bar above, badge and buttons below. What is live has no time bar: words stand there."""

    def __init__(
        self,
        model: ViewerModel,
        controls: PlayerControls,
        actions: ActionSet,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._model = model
        self._actions = actions
        self.badge = StateBadge(self)
        self.recording_badge = RecordingBadge(self)
        self.time_bar = TimeBar(self)
        self.words = WordsLine(self.time_bar.sizeHint().height(), self)
        """Why pictures are not marked, and what was just done where it does not fit beside the
        badge. Of live video, whose picture must not jump, always there: what runs, too."""
        self.words.setObjectName("quiet")
        self._aside = self._quiet_label()
        """What runs, or for a moment what was just done, of recorded video."""
        self._aside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._hint = ""
        self._hinting = QTimer(self)
        self._hinting.setSingleShot(True)
        self._hinting.setInterval(_HINT_MS)
        self._hinting.timeout.connect(lambda: self._show_hint(""))
        self._clock = QLabel(self)
        self._clock.setContentsMargins(0, 0, 10, 0)
        self._now = QLabel(self)
        """Of live video, in the clock's place: whether the picture moves. Never cut off."""
        self._speed = self._quiet_label()
        self._finding = self._label()
        self._dropped = self._quiet_label()
        self._recorded_only: list[QWidget] = [self.time_bar, self._clock, self._speed]
        """Not there while what plays is live."""
        self._live_only: list[QWidget] = []
        self._may_go: dict[str, QToolButton] = {}
        self._lay_out()
        self._connect(controls)
        self._show_state(model.state)
        self._show_settings(model.settings)
        self._show_time(controls.position_s)

    @property
    def finding(self) -> str:
        """The figure for the frame on screen; empty where there is none to show."""
        return self._finding.text()

    def minimumSizeHint(self) -> QSize:
        """Without the buttons that may go."""
        least = super().minimumSizeHint()
        for button in self._may_go.values():
            if not button.isHidden():
                least -= QSize(button.sizeHint().width() + _SPACING, 0)
        return least

    def resizeEvent(self, a0: QResizeEvent | None) -> None:
        super().resizeEvent(a0)
        self._make_room()

    def event(self, a0: QEvent | None) -> bool:
        if a0 is not None and a0.type() is QEvent.Type.LayoutRequest:
            self._make_room()
        return super().event(a0)

    def _make_room(self) -> None:
        room = self.width() - self.minimumSizeHint().width()
        for name in reversed(_FIRST_TO_GO):
            button = self._may_go[name]
            room -= button.sizeHint().width() + _SPACING
            button.setVisible(room >= 0)
        layout = self.layout()
        assert layout is not None
        layout.activate()  # its rows would count, for a moment, what is hidden now

    def _lay_out(self) -> None:
        times = QHBoxLayout()
        times.setSpacing(0)
        times.addWidget(self.time_bar, 1)
        times.addWidget(self._clock)
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 10, 6)
        row.setSpacing(_SPACING)
        row.addWidget(self.badge)
        row.addSpacing(8)
        row.addWidget(self.recording_badge)
        row.addWidget(self._aside, 1)
        row.addSpacing(16)
        row.addWidget(self._now)
        for name in _PLAYING:
            row.addWidget(self._button(name))
        row.addSpacing(8)
        row.addWidget(self._speed)
        row.addStretch(1)
        row.addWidget(self._finding)
        row.addSpacing(16)
        row.addWidget(self._dropped)
        row.addSpacing(12)
        for name in (*_LOOKING, "full_screen"):
            row.addWidget(self._button(name))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(times)
        layout.addWidget(self.words)
        layout.addLayout(row)

    def _connect(self, controls: PlayerControls) -> None:
        model = self._model
        self.time_bar.sought.connect(controls.seek)
        controls.position_changed.connect(self.time_bar.set_position)
        controls.position_changed.connect(self._show_time)
        model.state_changed.connect(self._show_state)
        model.opened.connect(self._forget)
        model.shown_changed.connect(self._show_finding)
        model.settings_changed.connect(self._show_settings)
        model.hinted.connect(self._show_hint)
        model.progress_changed.connect(self._show_words)
        model.events_changed.connect(self.time_bar.set_events)
        model.bookmarks_changed.connect(self.time_bar.set_bookmarks)

    def _label(self) -> QLabel:
        """Cut off where there is no room: its words must not make the window wider."""
        label = QLabel(self)
        label.setMinimumWidth(1)
        return label

    def _quiet_label(self) -> QLabel:
        label = self._label()
        label.setObjectName("quiet")
        return label

    def _button(self, name: str) -> QToolButton:
        """Without focus, so that Space stays the player's."""
        button = FadingButton(self)
        button.setDefaultAction(self._actions[name])
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        size = round(self.fontMetrics().height() * 1.35)
        button.setIconSize(QSize(size, size))
        if name in _RECORDED_ONLY:
            self._recorded_only.append(button)
        if name in _LIVE_ONLY:
            self._live_only.append(button)
        if name in _FIRST_TO_GO:
            self._may_go[name] = button
        return button

    def _show_state(self, state: PlayerState | None) -> None:
        self.badge.show_state(*self._model.ai)
        for widget in self._recorded_only:
            widget.setVisible(not self._model.live)
        for widget in self._live_only:
            widget.setVisible(self._model.live)
        playing = state is not None and state.playback is PlaybackState.PLAYING
        self._actions["play"].setIcon(icon("pause" if playing else "play"))
        duration_s = None if state is None or not state.seekable else state.duration_s
        self.time_bar.set_duration(duration_s)
        self.time_bar.set_loop(None if state is None else state.loop)
        self._show_words()
        speed = 1.0 if state is None else state.speed
        self._speed.setText(f"{speed:g}x")
        self._show_time(None if state is None else self.time_bar.position_s)

    def _show_hint(self, hint: str) -> None:
        self._hint = hint
        if hint:
            self._hinting.start()
        self._show_words()

    def _show_words(self) -> None:
        state, live = self._model.state, self._model.live
        runtime = None if state is None else state.runtime
        runs = [] if runtime is None else [f"{runtime.backend} {runtime.precision}"]
        stands = " · ".join([*self._limits(), *runs])
        ai, reason = self._model.ai
        wanting = ai in (AiState.OFF, AiState.STALE)
        # While a recorded video's network loads, a strip above the picture says so.
        said = reason if wanting and (live or self._model.progress is None) else ""
        room = self._aside.width()
        fits = self._aside.fontMetrics().horizontalAdvance(self._hint) <= room
        above = (self._hint or said or stands) if live else ("" if fits else self._hint) or said
        self.words.show_words(above)
        self.words.setVisible(bool(above) or live)
        self._aside.setText("" if live else (self._hint if fits else "") or stands)
        for label in (self.words, self._aside):
            label.setToolTip("" if runtime is None else runtime.device)

    def _limits(self) -> list[str]:
        """What is set so that less is marked than the network sees: it outlives the day."""
        settings = self._model.settings
        limits = []
        if not settings.markers_visible:
            limits.append(self.tr("markers hidden"))
        if settings.threshold is not None:
            limits.append(self.tr("threshold {value}").format(value=f"{settings.threshold:.2f}"))
        if settings.minimum_alert_ms:
            words = self.tr("marks after {value} ms")
            limits.append(words.format(value=settings.minimum_alert_ms))
        return limits

    def _show_time(self, position_s: float | None) -> None:
        state, model = self._model.state, self._model
        now = self.tr("FROZEN") if model.frozen else self.tr("LIVE")
        self._now.setText(now if model.live and not model.picture_old else "")
        if state is None or position_s is None:
            self._clock.setText("")
            return
        end = "" if state.duration_s is None else f" / {clock_text(state.duration_s)}"
        self._clock.setText(f"{clock_text(position_s)}{end}")

    def _show_finding(self, shown: Shown) -> None:
        """The probability stays hidden live: a number tempts to be trusted."""
        text = ""
        if shown.alerts and not self._model.live:
            peak = max(region.peak_probability for region in shown.alerts)
            text = self.tr("peak {probability}").format(probability=f"{peak:.2f}")
        self._finding.setText(text)
        dropped = shown.frames_dropped
        self._dropped.setText(
            self.tr("{count} dropped").format(count=f"{dropped:,}") if dropped else ""
        )

    def _forget(self) -> None:
        """Figures of the video before are none of this one."""
        self._finding.clear()
        self._dropped.clear()

    def _show_settings(self, settings: ViewerSettings) -> None:
        self._actions["mute"].setIcon(icon("sound_off" if settings.muted else "sound_on"))
        self._show_words()
