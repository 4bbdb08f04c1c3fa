"""One live source on one screen: it is shown whatever becomes of the network, and as what it is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from app.frame import Frame
from app.pipeline.base import FrameSegmenter
from app.pipeline.mailbox import DropPolicy
from app.pipeline.pipeline import Pipeline
from app.player.base import CLOSING_LIMIT_S, PlayerListener, Session
from app.player.detection import Detection
from app.player.live_gate import LiveGate
from app.player.live_segmenter import LiveSegmenter
from app.player.mask_wait_choice import MaskWaitChoice
from app.player.playback import PlaybackState, PlayerState, PlayerStatistics
from app.player.recorder import Recorder, RecordingState, RecordingStatus
from app.player.screen import Screen, ScreenCounts
from app.player.segmenter_thread import LOADING, SWITCHED_OFF, PlayerSegmenter
from app.player.shown import AiState
from app.sources.base import ReadReport, SourceInfo
from app.sources.live import LiveSource, Signal, SignalState
from app.sources.tapped import TappedSource
from models.regions import Findings
from models.segmentation import Segmentation

_TICK_S = 0.05
"""With ``MaskWatch`` and the source's own watch this keeps every change below half a second."""
SAVING_LIMIT_S = 10.0
"""Closing waits no longer than this for a recording to be completed."""
_NO_ANSWER = "The network is too slow for this video, or does not answer."
_HOLDS_BACK = (
    "The network is slower than this video: only pictures that it has seen are shown. "
    "Preferences can forbid that."
)
_TRIED_AGAIN = "PolypLens tries the network again by itself."
_STAYS_OUT = "That was too often for it to be started by itself; choose Try again."
_OVER = (PlaybackState.FAILED, PlaybackState.CLOSED)

_log = logging.getLogger(__name__)


class LiveSession(Session):
    """Shows what ``open_source`` opens for ``listener``, until it is stopped.

    Every frame that arrives is shown, with its own mask where that comes within ``mask_wait_ms``,
    alone otherwise; while the network is slower than the video, only those with masks are. The
    network loads while the video is on screen, and is entered again whenever it failed. What the
    signal is worth is said by ``PlayerState.signal`` and ``PlayerState.ai``.

    Args:
        open_source: called once, on a thread of the session.
        load_segmenter: called on the pipeline's thread; may take its time, and may raise. None: no
            segmentation, and ``AiState.OFF``.
        mask_wait_ms: how long a frame waits for its mask, as ``Pipeline`` has it; None: as
            ``MaskWaitChoice`` says.
    """

    def __init__(
        self,
        location: str,
        open_source: Callable[[], LiveSource],
        load_segmenter: Callable[[], PlayerSegmenter] | None,
        listener: PlayerListener,
        detection: Detection,
        *,
        mask_wait_ms: float | None = None,
    ) -> None:
        super().__init__(location, listener, detection, _TICK_S)
        self._open_source = open_source
        self._mask_wait_ms = mask_wait_ms
        self._mask_wait_choice = MaskWaitChoice()
        self._holds_back = False
        self._segmenter: LiveSegmenter | None = None
        if load_segmenter is not None:
            self._segmenter = LiveSegmenter(
                load_segmenter, self._segmenter_changed, self._mark_frozen
            )
        self._controls = Lock()
        self._asked_early: list[Callable[[LiveGate], None]] = []
        self._source: LiveSource | None = None
        self._gate: LiveGate | None = None
        self._recorder: Recorder | None = None
        self._pipeline: Pipeline | None = None

    @property
    def generation(self) -> int:
        return 0 if self._gate is None else self._gate.generation

    @property
    def state(self) -> PlayerState:
        source = self._source
        status = None if self._segmenter is None else self._segmenter.status
        running = None if status is None else status.running
        playback = self._playback()
        signal = None if source is None else source.signal
        ai, ai_reason = self._ai(playback, signal)
        info = None if source is None else source.info
        return PlayerState(
            playback=playback,
            source=info if info is not None and info.width else None,
            duration_s=None,
            seekable=False,
            speed=1.0,
            loop=None,
            ai=ai,
            ai_reason=ai_reason,
            runtime=None if running is None else running.info,
            notices=() if running is None else self._notices(running),
            report=ReadReport(messages=() if source is None else source.report.messages),
            failure=self._failure,
            signal=signal,
            input_size=None if running is None else running.spec.width,
        )

    @property
    def statistics(self) -> PlayerStatistics:
        counts = ScreenCounts() if self._screen is None else self._screen.counts
        return PlayerStatistics(
            pipeline=None if self._pipeline is None else self._pipeline.snapshot(),
            frames_shown=counts.frames,
            frames_dropped=0 if self._gate is None else self._gate.skipped,
            frames_superseded=counts.superseded,
            masks_shown=counts.masks,
            frames_missed=0 if self._source is None else self._source.report.dropped,
        )

    @property
    def segment_p50_ms(self) -> float:
        return 0.0 if self._pipeline is None else self._pipeline.segment_p50_ms

    @property
    def network_stays_out(self) -> bool:
        """Whether the network failed so often that only ``retry`` starts it again."""
        return self._pipeline is not None and self._pipeline.segmenter_stays_out

    @property
    def recording(self) -> RecordingStatus | None:
        """Of the recording that runs, or ran last; None before the first."""
        return None if self._recorder is None else self._recorder.status

    def start_recording(self, folder: Path) -> None:
        """Records every frame that arrives from now on, shown or not, as ``Recording`` does.

        Does nothing before the source is there, or before the last recording has ended.
        """
        with self._controls:
            before = self.recording
            busy = before is not None and before.state is not RecordingState.ENDED
            if self._gate is not None and not busy and not self._stopping.is_set():
                recorder = Recorder(folder, self._gate.info.rate, self._find)
                recorder.start()
                self._recorder = recorder

    def stop_recording(self) -> None:
        """``recording`` says what became of it, once it has ended."""
        with self._controls:
            recorder = self._recorder
        if recorder is not None:
            recorder.stop()

    def close(self, limit_s: float = CLOSING_LIMIT_S) -> bool:
        """Completes a recording, too, for which a slow disk has ``SAVING_LIMIT_S`` more."""
        self.stop()
        self.stop_recording()
        if self._recorder is not None:
            self._recorder.wait(SAVING_LIMIT_S)
        return super().close(limit_s)

    def play(self) -> None:
        """Shows the newest frames again."""
        self._control(LiveGate.play)

    def pause(self) -> None:
        """Freezes the picture on screen; capture and segmentation go on."""
        self._control(LiveGate.pause)

    def toggle(self) -> None:
        self._control(LiveGate.toggle)

    def retry(self) -> None:
        """Opens a source again that has FAILED, and starts a network again that stays out."""
        if self._source is not None:
            self._source.retry()
        if self._pipeline is not None:
            self._pipeline.retry_segmenter()
        self._wake.set()

    def renew_segmenter(self) -> None:
        if self._segmenter is not None:
            self._segmenter.renew()
        if self._pipeline is not None:
            self._pipeline.retry_segmenter()

    def set_mask_wait(self, mask_wait_ms: float | None) -> None:
        """From the next frame on; as the argument of the same name."""
        self._mask_wait_ms = mask_wait_ms
        self._mask_wait_choice = MaskWaitChoice()
        if self._pipeline is not None:
            self._pipeline.set_mask_wait(mask_wait_ms)

    def _run(self) -> None:
        self._source = source = self._open_source()
        if self._stopping.is_set():
            return
        gate = LiveGate(source, self._wake.set, self._mask_came)
        self._screen = screen = Screen(gate, self._detection, self._tell_shown)
        gate.connect(screen)
        with self._controls:
            for control in self._asked_early:
                control(gate)
            self._gate = gate
        self._pipeline = pipeline = Pipeline(
            TappedSource(source, lambda frame: self._frame_came(frame, source.info)),
            self._segmenter,
            gate,
            DropPolicy.LATEST,
            mask_wait_ms=self._mask_wait_ms,
        )
        loading = self._segmenter is not None
        self._tell_progress("loading", None if loading else 1.0)
        pipeline.start()

        def tend() -> None:
            nonlocal loading
            pipeline.join(0.0)
            self._choose_mask_wait(pipeline)
            if loading and self._segmenter is not None and self._segmenter.status.tried:
                loading = False
                self._tell_progress("loading", 1.0)
            screen.explain(self._reason())

        self._keep_up(screen, tend)

    def _interrupt(self) -> None:
        if self._source is not None:
            self._source.interrupt()

    def _release(self) -> None:
        if self._pipeline is not None:
            self._pipeline.stop()
            try:
                self._pipeline.join()
            except Exception:  # noqa: BLE001 - nobody watches this video any more
                _log.exception("a pipeline that was told to end failed")
        self.stop_recording()
        if self._source is not None:
            self._source.close()

    def _others_ended(self, limit_s: float) -> bool:
        return self._recorder is None or self._recorder.wait(limit_s)

    def _frame_came(self, frame: Frame, source: SourceInfo) -> None:
        if self._recorder is not None:
            self._recorder.take(frame, source)

    def _mask_came(self, segmentation: Segmentation) -> None:
        if self._recorder is not None:
            self._recorder.mark(segmentation)

    def _find(self, segmentation: Segmentation) -> Findings:
        assert self._screen is not None
        return self._detection.find(segmentation, self._screen.spec)

    def _control(self, control: Callable[[LiveGate], None]) -> None:
        with self._controls:
            if self._gate is None:
                self._asked_early.append(control)
            else:
                control(self._gate)

    def _segmenter_changed(self) -> None:
        """On the pipeline's thread, before the first mask of another network."""
        running = None if self._segmenter is None else self._segmenter.status.running
        if running is not None and self._screen is not None:
            self._screen.spec = running.spec
        self._wake.set()

    def _mark_frozen(self, segmenter: FrameSegmenter) -> None:
        """A picture that stands still would keep the mask of the network before."""
        if self._screen is not None:
            self._screen.segment_again(segmenter)

    def _ai(self, playback: PlaybackState, signal: Signal | None) -> tuple[AiState, str]:
        """The state, and why it is not READY."""
        gate = self._gate
        if signal is None or gate is None or playback in _OVER:
            return AiState.NO_SIGNAL, ""
        if signal.state is not SignalState.LIVE:
            return AiState.NO_SIGNAL, signal.sentence
        reason = self._reason()
        if reason:
            return AiState.OFF, reason
        return (AiState.STALE, _NO_ANSWER) if gate.stale else (AiState.READY, "")

    def _choose_mask_wait(self, pipeline: Pipeline) -> None:
        if self._mask_wait_ms is not None or self._source is None:
            self._holds_back = False
            return
        if self._segmenter is not None:
            frame_ms = 1000 / float(self._source.info.rate)
            wait_ms = self._mask_wait_choice.choose(pipeline.segment_p50_ms, frame_ms)
            pipeline.set_mask_wait(wait_ms)
            self._holds_back = wait_ms is not None

    def _notices(self, running: PlayerSegmenter) -> tuple[str, ...]:
        return (*running.info.passed_over, *((_HOLDS_BACK,) if self._holds_back else ()))

    def _reason(self) -> str:
        """Why no frame is segmented; empty where they are."""
        if self._segmenter is None:
            return SWITCHED_OFF
        reason = self._segmenter.status.reason
        if reason in ("", LOADING):
            return reason
        return f"{reason} {_STAYS_OUT if self.network_stays_out else _TRIED_AGAIN}"

    def _playback(self) -> PlaybackState:
        stands = self._stands()
        if stands is not None:
            return stands
        if self._gate is None:
            return PlaybackState.OPENING
        return PlaybackState.PLAYING if self._gate.playing else PlaybackState.PAUSED
