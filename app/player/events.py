"""Where polyps were seen, gathered while a video plays."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from operator import attrgetter
from typing import NamedTuple

from app.player.playback import Span

RETURN_S = 1.0
"""Within this time after an event's start, ``EventSnapshot.before`` gives the event before it."""
LIVE_PARTS = 256
"""How many events, and parts that were seen, are kept of live video: the newest."""

_start_s = attrgetter("start_s")


@dataclass(frozen=True, slots=True)
class PolypEvent:
    """One appearance of one or more polyps. Times are the video's own."""

    start_s: float
    """Of its first marked frame."""
    end_s: float
    """End of its last marked frame."""
    peak_probability: float
    """The largest of any of its frames, in [0, 1]."""
    largest_share: float
    """Largest marked share of the endoscope's picture, in [0, 1]."""
    thumbnail_pts_s: float
    """The frame of the peak: ``PlayerSession.thumbnail`` takes it."""
    frames: int
    """Marked frames that were seen; those dropped between them do not count."""


@dataclass(frozen=True, slots=True)
class EventSnapshot:
    """All that is known of a video at one moment."""

    seen: tuple[Span, ...] = ()
    """The parts that were played, in order, apart from each other."""
    events: tuple[PolypEvent, ...] = ()
    """In order, apart from each other; none shorter than the minimum."""

    def after(self, pts_s: float) -> PolypEvent | None:
        """The first event that starts after ``pts_s``."""
        place = bisect_right(self.events, pts_s, key=_start_s)
        return self.events[place] if place < len(self.events) else None

    def before(self, pts_s: float) -> PolypEvent | None:
        """The last event that starts more than ``RETURN_S`` before ``pts_s``."""
        place = bisect_left(self.events, pts_s - RETURN_S, key=_start_s)
        return self.events[place - 1] if place else None


class _Mark(NamedTuple):
    """What one marked frame said."""

    share: float
    peak_probability: float


@dataclass(slots=True)
class _Event:
    start_s: float
    last_s: float
    peak_s: float
    peak: _Mark
    largest_share: float
    frames: int

    @property
    def rank(self) -> tuple[float, float, float]:
        """By which a peak is chosen: the surest frame, then the one that shows most, then the
        first."""
        return self.peak.peak_probability, self.peak.share, -self.peak_s

    def take(self, other: _Event) -> None:
        """Becomes one with ``other``."""
        self.start_s = min(self.start_s, other.start_s)
        self.last_s = max(self.last_s, other.last_s)
        if other.rank > self.rank:
            self.peak_s, self.peak = other.peak_s, other.peak
        self.largest_share = max(self.largest_share, other.largest_share)
        self.frames += other.frames


class EventIndex:
    """Takes frames in any order, as they are played; a frame seen again replaces what it said.

    Marked frames at most ``join_gap_s`` apart are one event. Adding a frame takes O(log n)
    comparisons, and O(k) for k frames of an event where a frame is taken back. Not thread-safe: its
    owner locks.

    Args:
        frame_s: how long one frame lasts.
        minimum_s: shorter events are left out of the snapshots.
        live: each frame comes once, and later than the one before. Then nothing is kept of single
            frames, and ``LIVE_PARTS`` alone: memory stays the same however long it goes on.
    """

    def __init__(
        self,
        frame_s: float,
        minimum_s: float = 0.0,
        join_gap_s: float = 1.0,
        *,
        live: bool = False,
    ) -> None:
        self._frame_s = frame_s
        self._minimum_s = minimum_s
        self._join_gap_s = join_gap_s
        self._live = live
        self._newest_s = -math.inf
        self._seen: list[Span] = []
        self._marks: dict[float, _Mark] = {}
        self._marked_s: list[float] = []
        self._events: list[_Event] = []
        self._snapshot: EventSnapshot | None = EventSnapshot()

    def add(self, pts_s: float, marked_share: float, peak_probability: float) -> bool:
        """Takes one frame; whether it is marked and the peak of its event so far.

        Args:
            marked_share: marked part of the endoscope's picture, in [0, 1]; 0 is not marked.
        """
        if self._live and pts_s <= self._newest_s:
            return False
        self._snapshot = None
        self._newest_s = pts_s
        self._see(Span(pts_s, pts_s + self._frame_s))
        mark = _Mark(marked_share, peak_probability)
        if self._live:
            return self._add_live(pts_s, mark)
        if pts_s in self._marks:
            if self._marks[pts_s] == mark:
                return False
            self._take_back(pts_s)
        if marked_share <= 0:
            return False
        self._marks[pts_s] = mark
        insort(self._marked_s, pts_s)
        return self._join(pts_s, mark).peak_s == pts_s

    def snapshot(self) -> EventSnapshot:
        """The same object until something is added."""
        if self._snapshot is None:
            events = (self._as_seen(event) for event in self._events)
            self._snapshot = EventSnapshot(
                tuple(self._seen),
                tuple(event for event in events if event.end_s - event.start_s >= self._minimum_s),
            )
        return self._snapshot

    def _add_live(self, pts_s: float, mark: _Mark) -> bool:
        del self._seen[:-LIVE_PARTS]
        if mark.share <= 0:
            return False
        is_peak = self._join(pts_s, mark).peak_s == pts_s
        del self._events[:-LIVE_PARTS]
        return is_peak

    def _see(self, span: Span) -> None:
        """Joins ``span`` with the parts seen at most ``join_gap_s`` from it."""
        first = bisect_left(self._seen, span.start_s - self._join_gap_s, key=attrgetter("end_s"))
        behind = bisect_right(self._seen, span.end_s + self._join_gap_s, key=_start_s)
        joined = [span, *self._seen[first:behind]]
        start_s = min(part.start_s for part in joined)
        self._seen[first:behind] = [Span(start_s, max(part.end_s for part in joined))]

    def _join(self, pts_s: float, mark: _Mark) -> _Event:
        """The event that the frame now belongs to."""
        event = _Event(pts_s, pts_s, pts_s, mark, mark.share, 1)
        place = bisect_right(self._events, pts_s, key=_start_s)
        if place < len(self._events):
            behind = self._events[place]
            if behind.start_s - pts_s <= self._join_gap_s:
                behind.take(event)
                event = self._events.pop(place)
        if place > 0:
            before = self._events[place - 1]
            if event.start_s - before.last_s <= self._join_gap_s:
                before.take(event)
                return before
        self._events.insert(place, event)
        return event

    def _take_back(self, pts_s: float) -> None:
        """Forgets a marked frame, and makes its event anew of the others."""
        place = bisect_right(self._events, pts_s, key=_start_s) - 1
        event = self._events.pop(place)
        del self._marks[pts_s]
        del self._marked_s[bisect_left(self._marked_s, pts_s)]
        first = bisect_left(self._marked_s, event.start_s)
        behind = bisect_right(self._marked_s, event.last_s)
        for other_s in self._marked_s[first:behind]:
            self._join(other_s, self._marks[other_s])

    def _as_seen(self, event: _Event) -> PolypEvent:
        return PolypEvent(
            start_s=event.start_s,
            end_s=event.last_s + self._frame_s,
            peak_probability=event.peak.peak_probability,
            largest_share=event.largest_share,
            thumbnail_pts_s=event.peak_s,
            frames=event.frames,
        )
