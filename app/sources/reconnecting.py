"""A live source that comes back: opened again whenever it is lost, whatever hangs."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from threading import Condition, Lock, Thread

from app.frame import Frame
from app.sources.base import ReadReport, SourceError, SourceInfo, VideoSource
from app.sources.frame_rate import UNKNOWN_RATE
from app.sources.live import LiveSource, Signal, SignalState
from app.sources.live_times import TIME_BASE, LiveTimes
from app.sources.opening_thread import OpeningThread
from app.sources.signal_watch import SignalWatch
from models.interruptions import start_uninterrupted

MOST_WAITING = 2
"""Frames that wait to be read; a newer one displaces the oldest."""
POLL_S = 0.5
"""What is away is looked for this often."""
OPEN_LIMIT_S = 12.0
"""An opening that takes longer hangs; a stream may wait long for its first keyframe."""
LET_GO_LIMIT_S = 0.5
"""A source that was told to end hangs when it takes longer."""
MOST_HANGING = 2
"""No thread is begun while so many hang: each may hold the device, and none can be ended."""
CLOSE_LIMIT_S = 1.0
"""Closing waits no longer than this for a device to be given back."""

_LOOK_S = 0.05

_log = logging.getLogger(__name__)


class ReconnectingSource(LiveSource):
    """Keeps one source open, on threads of its own, for as long as it lives.

    Each opening has a thread, and one more thread watches them. It never waits for a source: one
    that hangs in opening, reading or closing is left to itself, counted as ``report.hanging``, and
    another opening is begun beside it; when that hangs too, the next one waits until either ends.
    ``interrupt`` alone of the source is called directly and must not wait.

    After every loss ``pts_s`` goes on with the time since the first frame was captured. ``info`` is
    that of the frame read last; before the first, of what was opened; and until then has a size of
    0 x 0 and a rate of 30. It raises nothing when it is made: what cannot be opened is waited for.

    Args:
        name: for people, such as ``Magewell USB Capture HDMI``; every sentence begins with it.
        open_source: opens the source; called again and again, always by a new thread.
        reopen_stalled: False where a stalled source must be waited for as it is.
        clock: nanoseconds that never fall, as ``time.monotonic_ns``.
    """

    def __init__(
        self,
        name: str,
        open_source: Callable[[], VideoSource],
        *,
        reopen_stalled: bool = True,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._name = name
        self._open_source = open_source
        self._reopen_stalled = reopen_stalled
        self._clock = clock
        now_ns = clock()
        self._lock = Lock()
        self._arrived = Condition(self._lock)
        """There is something for the reader."""
        self._changed = Condition(self._lock)
        """There is something for the watching thread."""
        self._interrupted = False
        self._closed = False

        self._watch = SignalWatch(name, now_ns)
        self._times = LiveTimes()
        self._waiting: deque[tuple[Frame, SourceInfo]] = deque()
        self._info = SourceInfo(name, 0, 0, UNKNOWN_RATE, TIME_BASE, live=True)
        self._given = 0
        self._dropped = 0
        self._past = ReadReport()
        """Of all openings before this one."""

        self._opening: OpeningThread | None = None
        self._lost = False
        """This opening gives no more frames."""
        self._limit_ns: int | None = None
        """When this opening hangs, unless it has come further; None while it reads."""
        self._next_opening_ns = now_ns
        self._hanging: set[OpeningThread] = set()
        self._watching = Thread(target=self._keep_open, name=f"watch {name}", daemon=True)
        start_uninterrupted(self._watching)

    @property
    def info(self) -> SourceInfo:
        with self._lock:
            return self._info

    @property
    def signal(self) -> Signal:
        with self._lock:
            self._watch.look(self._clock())
            return self._watch.signal

    @property
    def report(self) -> ReadReport:
        with self._lock:
            now = ReadReport() if self._opening is None else self._opening.report
            total = _sum(self._past, now)
            return replace(
                total,
                messages=now.messages,
                dropped=total.dropped + self._dropped,
                mistimed=total.mistimed + self._times.mended,
                hanging=len(self._hanging),
            )

    def retry(self) -> None:
        with self._lock:
            if self._watch.failed:
                self._next_opening_ns = self._clock()
                self._watch.retry(self._next_opening_ns)
                self._changed.notify_all()

    def read(self) -> Frame | None:
        with self._lock:
            self._arrived.wait_for(lambda: self._closed or self._interrupted or self._waiting)
            if self._closed:
                raise SourceError(f"{self._name} is closed; open it again")
            if self._interrupted:
                return None
            frame, self._info = self._waiting.popleft()
            index = self._given
            self._given += 1
        return replace(frame, index=index)

    def interrupt(self) -> None:
        with self._lock:
            self._interrupted = True
            self._arrived.notify_all()

    def close(self) -> None:
        """Returns within ``CLOSE_LIMIT_S``; a device that hangs is left to itself."""
        with self._lock:
            self._closed = True
            self._waiting.clear()
            self._arrived.notify_all()
            self._changed.notify_all()
        self._watching.join()

    def on_opened(self, opening: OpeningThread, info: SourceInfo) -> None:
        with self._lock:
            if self._is_over(opening):
                return
            self._limit_ns = None
            self._watch.opened(info.rate, self._clock())
            if self._given == 0:
                self._info = _live_info(info)

    def on_frame(self, opening: OpeningThread, frame: Frame, still: bool) -> None:
        info = opening.info
        assert info is not None
        picture = frame.picture
        info = replace(_live_info(info), width=picture.width, height=picture.height)
        with self._lock:
            if self._is_over(opening):
                return
            now_ns = self._clock()
            kind = picture.width, picture.height, picture.pixel_format
            self._watch.frame(kind, still, now_ns)
            if len(self._waiting) == MOST_WAITING:
                self._waiting.popleft()
                self._dropped += 1
            self._waiting.append((self._times.place(frame, now_ns), info))
            self._arrived.notify()

    def on_lost(self, opening: OpeningThread, error: SourceError) -> None:
        with self._lock:
            if not self._is_over(opening):
                self._lose(error, self._clock())

    def on_closed(self, opening: OpeningThread) -> None:
        with self._lock:
            self._hanging.discard(opening)
            if opening is self._opening:
                self._forget_opening()
            self._changed.notify_all()

    def _keep_open(self) -> None:
        logged = SignalState.NO_SIGNAL
        while not self._closed:
            with self._lock:
                now_ns = self._clock()
                self._watch.look(now_ns)
                signal = self._watch.signal
                ending = self._end_overdue(now_ns)
                beginning = self._begin(now_ns)
            if signal.state is not logged:
                _log.info("%s is %s %s", self._name, signal.state.value, signal.sentence)
                logged = signal.state
            # Neither is done under the lock: both may take their time.
            if ending is not None:
                ending.let_go()
            if beginning is not None:
                self._start(beginning)
            with self._lock:
                if not self._closed:
                    self._changed.wait(_LOOK_S)
        opening = self._opening
        if opening is not None:
            opening.let_go()
            opening.wait(CLOSE_LIMIT_S)

    def _end_overdue(self, now_ns: int) -> OpeningThread | None:
        """The opening that is to end because it gives nothing or hangs; None if all is well."""
        opening = self._opening
        if opening is None:
            return None
        if self._limit_ns is None:
            if not (self._reopen_stalled and self._watch.should_reopen(now_ns)):
                return None
            self._lose(None, now_ns)
            return opening
        if now_ns <= self._limit_ns:
            return None
        if not self._lost:
            self._watch.away(f"{self._name} cannot be opened: it does not answer.", now_ns)
        self._hanging.add(opening)
        self._forget_opening()
        if len(self._hanging) == MOST_HANGING:
            self._watch.away(
                f"{self._name} does not answer; unplug the device and plug it in again, or end "
                "the program and start it again.",
                now_ns,
            )
        return opening

    def _begin(self, now_ns: int) -> OpeningThread | None:
        """A new opening, not started yet, where it is time for one."""
        if (
            self._opening is not None
            or self._watch.failed
            or now_ns < self._next_opening_ns
            or len(self._hanging) >= MOST_HANGING
        ):
            return None
        self._opening = OpeningThread(self._name, self._open_source, self._clock, self)
        self._lost = False
        self._limit_ns = now_ns + int(OPEN_LIMIT_S * 1e9)
        self._times.begin(now_ns)
        return self._opening

    def _start(self, opening: OpeningThread) -> None:
        try:
            opening.start()
        except RuntimeError:
            sentence = f"{self._name} cannot be opened: the computer has no thread to spare."
            self.on_lost(opening, SourceError(sentence))
            self.on_closed(opening)

    def _lose(self, error: SourceError | None, now_ns: int) -> None:
        """The opening is over: with ``error``, or with None because it gives nothing."""
        was_open = self._limit_ns is None
        self._lost = True
        self._limit_ns = now_ns + int(LET_GO_LIMIT_S * 1e9)
        if was_open:
            gave_frames = self._watch.lost(error, now_ns)
        else:
            gave_frames = False
            self._watch.away(str(error), now_ns)
        self._next_opening_ns = now_ns if gave_frames else now_ns + int(POLL_S * 1e9)

    def _is_over(self, opening: OpeningThread) -> bool:
        return self._lost or opening is not self._opening

    def _forget_opening(self) -> None:
        if self._opening is not None:
            self._past = _sum(self._past, self._opening.report)
            self._opening = None


def _live_info(info: SourceInfo) -> SourceInfo:
    return replace(info, time_base=TIME_BASE, frame_count=None, duration_s=None, live=True)


def _sum(past: ReadReport, now: ReadReport) -> ReadReport:
    return ReadReport(
        undecodable=past.undecodable + now.undecodable,
        dropped=past.dropped + now.dropped,
        mistimed=past.mistimed + now.mistimed,
    )
