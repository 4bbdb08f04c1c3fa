"""A soft tone when a polyp comes into the picture. What cannot be played breaks nothing."""

from __future__ import annotations

import logging
import math
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PyQt6.QtCore import (
    QBuffer,
    QByteArray,
    QIODevice,
    QMessageLogContext,
    QObject,
    QtMsgType,
    pyqtSignal,
    qInstallMessageHandler,
)

from app.player.playback import PlaybackState
from app.player.shown import Shown
from app.ui.viewer_model import ViewerModel

if TYPE_CHECKING:
    from PyQt6.QtMultimedia import QAudioSink

_RATE_HZ = 44_100
_TONE_HZ = 660.0
_LENGTH_S = 0.22
_LOUDEST = 0.5
_REPEAT_AFTER_S = 1.0
"""So long, in the video's time, must nothing be marked before the tone comes again."""

_log = logging.getLogger(__name__)


def tone() -> bytes:
    """Mono, 16 bit, ``_RATE_HZ``: a sine that swells and fades, so that it does not click."""
    count = round(_RATE_HZ * _LENGTH_S)
    samples = (
        _LOUDEST
        * math.sin(math.pi * i / count) ** 2
        * math.sin(2 * math.pi * _TONE_HZ * i / _RATE_HZ)
        for i in range(count)
    )
    return array("h", (round(32767 * sample) for sample in samples)).tobytes()


class AlertSound(QObject):
    """Plays the tone at the first marked frame after a while without one."""

    failed = pyqtSignal(str)
    """One sentence, once: sound cannot be played here."""

    def __init__(self, model: ViewerModel) -> None:
        super().__init__(model)
        self._model = model
        self._marked_s: float | None = None
        """Time of the last marked frame."""
        self._sink: QAudioSink | None = None
        self._buffer = QBuffer(self)
        self._problem = ""
        self.played = 0
        """How often the tone was due, whether or not a loudspeaker is there."""
        model.shown_changed.connect(self._heed)
        model.opened.connect(self._forget)

    @property
    def problem(self) -> str:
        """Why no sound can be played, one sentence; empty while nothing is wrong."""
        return self._problem

    def play(self) -> None:
        """Plays the tone now, at the volume that is set."""
        self.played += 1
        if self._problem:
            return
        try:
            self._start()
        except Exception as error:  # noqa: BLE001 - a sound is never worth the video
            self._problem = self.tr(
                "The alert sound cannot be played on this machine ({reason}); markers are shown "
                "without it."
            ).format(reason=error)
            self.failed.emit(self._problem)

    def _start(self) -> None:
        if self._sink is None:
            # Imported here: it needs libpulse0, which is not on every machine.
            with _qt_kept_quiet():
                from PyQt6.QtMultimedia import QAudioFormat, QAudioSink, QMediaDevices

                device = QMediaDevices.defaultAudioOutput()
            if device.isNull():
                raise RuntimeError(self.tr("there is no sound device"))
            layout = QAudioFormat()
            layout.setSampleRate(_RATE_HZ)
            layout.setChannelCount(1)
            layout.setSampleFormat(QAudioFormat.SampleFormat.Int16)
            self._sink = QAudioSink(device, layout, self)
            self._buffer.setData(QByteArray(tone()))
        self._sink.stop()
        self._buffer.close()
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._sink.setVolume(self._model.settings.volume)
        self._sink.start(self._buffer)

    def _heed(self, shown: Shown) -> None:
        if not shown.alerts:
            return
        now_s, before_s = shown.frame.pts_s, self._marked_s
        self._marked_s = now_s
        settings, state = self._model.settings, self._model.state
        anew = before_s is None or not 0 <= now_s - before_s <= _REPEAT_AFTER_S
        playing = state is not None and state.playback is PlaybackState.PLAYING
        if anew and playing and settings.sound and not settings.muted:
            self.play()

    def _forget(self) -> None:
        self._marked_s = None


@contextmanager
def _qt_kept_quiet() -> Iterator[None]:
    """Without a sound service Qt prints several lines of its own; our one sentence is enough."""

    def keep(kind: QtMsgType, context: QMessageLogContext, message: str | None) -> None:
        _log.debug("Qt says: %s", message)

    before = qInstallMessageHandler(keep)
    try:
        yield
    finally:
        qInstallMessageHandler(before)
