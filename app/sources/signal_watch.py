"""Judges a live source by what happens to it. Knows no thread and no clock but what it is told."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import TypeAlias

from app.sources.base import SourceError
from app.sources.live import NoSignalError, Signal, SignalState
from models.picture import PixelFormat

GRACE_S = 2.0
"""After an opening a device may take so long for its first frame, and to come into its stride."""
STALL_FRAMES = 5
"""The source stalls when no frame has come for so many frame times."""
UNSTEADY_STALL_S = 0.4
"""During the grace frames may come unsteadily: it stalls no earlier than after this."""
REOPEN_AFTER_S = 1.0
"""A stall must last so long before the source is opened again: that takes time itself, and loses
what a stream's decoder knows."""
RESTART_LIMIT = 5
RESTART_WINDOW_S = 60.0

_SMOOTHING = 0.125
"""Weight of the newest distance between two frames in the mean one."""

PictureKind: TypeAlias = tuple[int, int, PixelFormat]
"""Width, height and format."""


class SignalWatch:
    """The state of one source over all its openings. All ``now_ns`` are of one monotonic clock.

    A restart is an opening straight after a breakdown, with pictures of the same size, format and
    rate. Where the source was away in between, or came back as another, nothing has broken down.
    """

    def __init__(self, name: str, now_ns: int) -> None:
        self._name = name
        self._signal = Signal(SignalState.NO_SIGNAL, f"{name} is being opened.", now_ns)
        self._restart_times_ns: deque[int] = deque()
        self._opened_ns: int | None = None
        self._last_frame_ns: int | None = None
        self._nominal_frame_ns = 0.0
        self._mean_frame_ns = 0.0
        self._rate = Fraction(0)
        self._kind: tuple[PictureKind, Fraction] | None = None
        """Of the last frame, with the source's rate."""
        self._broke_down = False
        """The last opening gave frames, and the source has not been away since."""

    @property
    def signal(self) -> Signal:
        return self._signal

    @property
    def failed(self) -> bool:
        return self._signal.state is SignalState.FAILED

    def opened(self, rate: Fraction, now_ns: int) -> None:
        """The source was opened and promises ``rate`` frames per second."""
        self._opened_ns = now_ns
        self._last_frame_ns = None
        self._rate = rate
        self._nominal_frame_ns = self._mean_frame_ns = 1e9 / float(rate)

    def frame(self, kind: PictureKind, still: bool, now_ns: int) -> None:
        """A frame came; ``still``: the picture has stood still."""
        if self._last_frame_ns is None:
            self._first_frame(kind, now_ns)
        else:
            distance_ns = min(now_ns - self._last_frame_ns, STALL_FRAMES * self._mean_frame_ns)
            self._mean_frame_ns += _SMOOTHING * (distance_ns - self._mean_frame_ns)
        self._last_frame_ns = now_ns
        self._kind = kind, self._rate
        if still:
            self._set(
                SignalState.FROZEN,
                f"{self._name} repeats one and the same picture; check the device before it.",
                now_ns,
            )
        else:
            self._set(SignalState.LIVE, "", now_ns)

    def look(self, now_ns: int) -> None:
        """Time has passed."""
        if self._opened_ns is None:
            return
        if self._last_frame_ns is None:
            if now_ns - self._opened_ns > GRACE_S * 1e9:
                self._set(
                    SignalState.NO_SIGNAL,
                    f"{self._name} is open, but gives no picture; check its cable and what is "
                    "connected to it.",
                    now_ns,
                )
        elif now_ns - self._last_frame_ns > self._patience_ns(now_ns):
            self._set(
                SignalState.STALLED,
                f"No picture comes from {self._name} any more; check its cable and what is "
                "connected to it.",
                now_ns,
            )

    def should_reopen(self, now_ns: int) -> bool:
        """Whether what is open now gives nothing and is to be closed."""
        if self._opened_ns is None or now_ns - self._opened_ns <= GRACE_S * 1e9:
            return False
        if self._last_frame_ns is None:
            return True
        silence_ns = now_ns - self._last_frame_ns
        return silence_ns > max(self._patience_ns(now_ns), REOPEN_AFTER_S * 1e9)

    def lost(self, error: SourceError | None, now_ns: int) -> bool:
        """What was open is over: with ``error``, or with None because it ``should_reopen``.

        Whether it had given frames.
        """
        gave_frames = self._last_frame_ns is not None
        self._opened_ns = self._last_frame_ns = None
        if not gave_frames or isinstance(error, NoSignalError):
            self._broke_down = False
        else:
            self._broke_down = True
            self._forget_old_restarts(now_ns)
            if len(self._restart_times_ns) >= RESTART_LIMIT:
                self._set(
                    SignalState.FAILED,
                    f"{self._name} broke down more than {RESTART_LIMIT} times within "
                    f"{RESTART_WINDOW_S:g} s; check cable and device, then try again.",
                    now_ns,
                )
                return True
        if error is not None:
            self._set(SignalState.NO_SIGNAL, str(error), now_ns)
        return gave_frames

    def away(self, sentence: str, now_ns: int) -> None:
        """It cannot be opened now. A failure stands."""
        self._broke_down = False
        if self.failed:
            return
        self._set(SignalState.NO_SIGNAL, sentence, now_ns)

    def retry(self, now_ns: int) -> None:
        """Takes the failure back."""
        self._restart_times_ns.clear()
        self._broke_down = False
        self._set(SignalState.NO_SIGNAL, f"{self._name} is being opened.", now_ns)

    def _first_frame(self, kind: PictureKind, now_ns: int) -> None:
        if self._kind is None:
            return
        if self._broke_down and self._kind == (kind, self._rate):
            self._restart_times_ns.append(now_ns)
        before = self._signal
        self._signal = Signal(before.state, before.sentence, before.since_ns, before.restarts + 1)

    def _forget_old_restarts(self, now_ns: int) -> None:
        times_ns = self._restart_times_ns
        while times_ns and now_ns - times_ns[0] > RESTART_WINDOW_S * 1e9:
            times_ns.popleft()

    def _patience_ns(self, now_ns: int) -> float:
        assert self._opened_ns is not None
        patience_ns = STALL_FRAMES * max(self._nominal_frame_ns, self._mean_frame_ns)
        if now_ns - self._opened_ns <= GRACE_S * 1e9:
            return max(patience_ns, UNSTEADY_STALL_S * 1e9)
        return patience_ns

    def _set(self, state: SignalState, sentence: str, now_ns: int) -> None:
        before = self._signal
        since_ns = before.since_ns if state is before.state else now_ns
        self._signal = Signal(state, sentence, since_ns, before.restarts)
