"""Gives a recorded video's frames when they are due, and obeys the person's hand."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from threading import Condition

from app.frame import Frame
from app.player.frame_cursor import FrameCursor
from app.player.playback import Span, next_generation, require_speed
from app.player.video_clock import VideoClock
from app.sources.base import ReadReport, SeekableSource, SourceInfo, VideoSource

_LONGEST_SKIP_S = 0.1
"""When decoding cannot keep up, the frame wanted for so long is given, late as it may be."""
_LARGEST_LAG_S = 0.25
"""By more than this a frame is not late: the video's time gives way."""


@dataclass(frozen=True, slots=True)
class _Request:
    """Which frame to give next: the one ``steps`` from that at ``pts_s``, or from the one shown."""

    pts_s: float | None
    steps: int


_AGAIN = _Request(None, 0)


class PacedSource(VideoSource):
    """``source`` in its own time; one thread reads, the controls may come from any thread.

    ``read`` waits until the next frame is due and the one before is ``delivered``; it waits while
    paused, and at the end. Frames that are over by then are skipped and counted, so indices leave
    gaps, and fall after a seek. When decoding is slower than the video, the video's time gives way:
    several frames a second come all the same. ``captured_ns`` is when a frame was given.

    A seek or step gives exactly one frame, at once. Those that come faster than they can be carried
    out are joined: of seeks the last one counts, steps add up; frames of those already carried out
    still come, so dragging a time bar shows pictures. Closing closes ``source``.

    Args:
        source: a ``SeekableSource``; any other plays and steps forwards.
        playing: whether it plays from the start; otherwise the first frame is given alone.
    """

    def __init__(self, source: VideoSource, *, playing: bool = True) -> None:
        self._source = source
        self._cursor = FrameCursor(source)
        self._frame_s = self._cursor.frame_s
        self._changed = Condition()
        self._clock = VideoClock()
        self._playing = playing
        self._loop: Span | None = None
        self._interrupted = False
        self._ended = False
        self._skipped = 0
        self._generation = next_generation()

        self._request: _Request | None = _AGAIN
        """Asked for, and not yet begun."""
        self._asked = False
        """The next frame answers a request: it is due at once."""
        self._asked_generation = 0
        self._outstanding = False
        """A seek or step was asked for, and its frame is not delivered."""
        self._wrapped = False
        """The next frame is the first of the loop, after its last one."""

        self._overtook = False
        """What is waited for was asked before the frame on its way could be shown."""

        self._in_flight = False
        self._given: Frame | None = None
        self._delivered: Frame | None = None
        """The last one that was still wanted when it arrived."""
        self._delivered_s = 0.0
        self._given_s = 0.0
        self._given_pts_s = 0.0
        self._given_generation = 0
        self._given_asked = False

    @property
    def info(self) -> SourceInfo:
        return self._source.info

    @property
    def report(self) -> ReadReport:
        return self._source.report

    @property
    def seekable(self) -> bool:
        return isinstance(self._source, SeekableSource)

    @property
    def playing(self) -> bool:
        """Whether frames come by themselves, or would but for the end."""
        return self._playing

    @property
    def ended(self) -> bool:
        """Whether the last frame was delivered, and nothing asked for since."""
        return self._ended and not self._in_flight

    @property
    def speed(self) -> float:
        return self._clock.speed

    @property
    def loop(self) -> Span | None:
        return self._loop

    @property
    def generation(self) -> int:
        """Rises with each seek and step, unless one is still being carried out; no two sources
        ever have the same. Frames of an earlier one are not to be shown."""
        return self._generation

    @property
    def skipped(self) -> int:
        """Frames that were over before they could be given."""
        return self._skipped

    @property
    def in_flight_s(self) -> float:
        """For how long the frame given last waits to be delivered; 0 when it is."""
        with self._changed:
            return time.monotonic() - self._given_s if self._in_flight else 0.0

    def read(self) -> Frame | None:
        while True:
            with self._changed:
                if self._interrupted:
                    return None
                request, overtook = self._request if self._turned() else None, False
                if request is not None:
                    self._request, self._asked, self._ended = None, True, False
                    self._asked_generation = self._generation
                    overtook, self._overtook = self._overtook, False
            if request is not None:
                self._carry_out(request, overtook)
            elif (frame := self._next()) is not None:
                return frame

    def delivered(self) -> int | None:
        """Called once for each frame given: ``read`` may give the next.

        The generation of the frame; None when it is not wanted any more.
        """
        with self._changed:
            self._in_flight = False
            self._delivered_s = time.monotonic()
            if self._given_asked and self._request is None and not self._asked:
                self._outstanding = False
            self._changed.notify_all()
            if self._given_generation != self._generation:
                return None
            self._delivered = self._given
            return self._generation

    def play(self) -> None:
        """At the end it starts anew, at the loop's start if there is one."""
        with self._changed:
            self._play()

    def pause(self) -> None:
        with self._changed:
            self._playing = False
            self._changed.notify_all()

    def toggle(self) -> None:
        with self._changed:
            if self._playing and not self._ended:
                self._playing = False
                self._changed.notify_all()
            else:
                self._play()

    def step(self, frames: int) -> None:
        """Pauses, and gives the frame so many further on (below 0: back) from the one shown."""
        with self._changed:
            self._playing = False
            before = self._request or _AGAIN
            self._ask(replace(before, steps=before.steps + frames))

    def seek(self, pts_s: float) -> None:
        """Gives the first frame at or after ``pts_s``, the last where that is beyond the end.

        Does nothing where the source cannot.
        """
        if self.seekable:
            with self._changed:
                self._ask(_Request(max(0.0, pts_s), 0))

    def set_speed(self, speed: float) -> None:
        """Raises ValueError outside ``LEAST_SPEED`` to ``LARGEST_SPEED``."""
        require_speed(speed)
        with self._changed:
            self._clock.set_speed(speed, time.monotonic())
            self._changed.notify_all()

    def set_loop(self, loop: Span | None) -> None:
        """A source that cannot seek ends all the same."""
        with self._changed:
            self._loop = loop
            self._ended = self._ended and loop is None
            self._changed.notify_all()

    def interrupt(self) -> None:
        """Ends ``read``, but not the source behind: after ``resume`` another thread may read on."""
        with self._changed:
            self._interrupted = True
            self._changed.notify_all()

    def resume(self) -> None:
        """Called once nobody reads any more; the frame given last comes again."""
        with self._changed:
            self._interrupted = False
            self._in_flight = False
            self._request = self._request or _AGAIN

    def close(self) -> None:
        self.interrupt()
        self._source.close()

    def _play(self) -> None:
        if self._playing and not self._ended:
            return
        self._playing = True
        self._clock.set(self._given_pts_s, time.monotonic())
        if self._ended and self.seekable:
            self._ask(_Request(self._loop.start_s if self._loop else 0.0, 0))
        self._changed.notify_all()

    def _ask(self, request: _Request) -> None:
        if not self._outstanding:
            self._outstanding = True
            self._overtook = self._in_flight
            self._generation = next_generation()
        self._request = request
        self._changed.notify_all()

    def _carry_out(self, request: _Request, overtook: bool) -> None:
        if overtook and request.pts_s is None and self._delivered is not None:
            # The person steps from what they see, not from what was on its way.
            self._cursor.return_to(self._delivered)
        if request.pts_s is not None:
            self._cursor.seek(request.pts_s)
            if request.steps and self._cursor.peek(0) is not None:
                self._cursor.take()
        if request.steps:
            self._cursor.step(request.steps)
        elif request.pts_s is None:
            self._cursor.again()

    def _next(self) -> Frame | None:
        """The next frame if it is due; otherwise None after bringing that nearer a little."""
        if not self._wait_until_wanted():
            return None
        frame = self._cursor.peek(0)
        if frame is None or self._beyond_loop(frame):
            self._wrap_or_end()
            return None
        with self._changed:
            if self._turned() or not (self._asked or self._playing):
                return None
            now_s = time.monotonic()
            if self._asked:
                if not self._in_flight:
                    return self._give(frame, now_s)
                self._changed.wait()
                return None
            due_s = self._clock.due_s(frame.pts_s)
            over_s = due_s + self._frame_s / self._clock.speed
            if now_s < due_s:
                self._changed.wait(due_s - now_s)
                return None
            skipped_long = now_s - self._delivered_s > _LONGEST_SKIP_S
            if not self._in_flight and (now_s < over_s or skipped_long):
                return self._give(frame, now_s)
            if now_s < over_s:
                self._changed.wait(over_s - now_s)
                return None
        # It may be over by now: that depends on when the one after it is due.
        following = self._cursor.peek(1)
        if following is not None and self._beyond_loop(following):
            following = None
        return self._give_or_skip(frame, following)

    def _wait_until_wanted(self) -> bool:
        """Whether a frame is wanted; if not, waits for the next change."""
        with self._changed:
            if self._turned():
                return False
            if self._asked or (self._playing and not self._ended):
                return True
            self._changed.wait()
            return False

    def _give_or_skip(self, frame: Frame, following: Frame | None) -> Frame | None:
        """``following`` is the frame after ``frame``; None where that is the last one."""
        with self._changed:
            if self._turned() or not self._playing:
                return None
            now_s = time.monotonic()
            wait_s = None if following is None else self._clock.due_s(following.pts_s) - now_s
            if wait_s is not None and wait_s <= 0:
                self._cursor.drop()
                self._skipped += 1
            elif not self._in_flight:
                return self._give(frame, now_s)
            else:
                self._changed.wait(wait_s)
            return None

    def _give(self, frame: Frame, now_s: float) -> Frame:
        if self._asked or now_s - self._clock.due_s(frame.pts_s) > _LARGEST_LAG_S:
            self._clock.set(frame.pts_s, now_s)
        self._given = self._cursor.take()
        self._in_flight = True
        self._given_s = now_s
        self._given_pts_s = frame.pts_s
        self._given_generation = self._asked_generation if self._asked else self._generation
        self._given_asked = self._asked
        self._asked = self._wrapped = False
        return replace(frame, captured_ns=time.monotonic_ns())

    def _turned(self) -> bool:
        """Whether something else is to be done first."""
        if self._interrupted:
            return True
        # A frame that was sought is given, if it can be, before the next one is looked for.
        return self._request is not None and (self._in_flight or not self._asked)

    def _beyond_loop(self, frame: Frame) -> bool:
        loop = self._loop if self.seekable else None
        # What was sought comes wherever it lies; and so does a loop's first frame.
        due_anyhow = self._asked or self._wrapped
        return loop is not None and frame.pts_s >= loop.end_s and not due_anyhow

    def _wrap_or_end(self) -> None:
        loop = self._loop if self.seekable and not self._asked else None
        if loop is not None:
            self._cursor.seek(loop.start_s)
        first = None if loop is None else self._cursor.peek(0)
        with self._changed:
            if first is None:
                self._ended = True
                self._asked = False
                self._outstanding = self._request is not None
                return
            self._wrapped = True
            self._clock.set(first.pts_s, self._given_s + self._frame_s / self._clock.speed)
