"""What was seen, in whatever order it was played, against the plainest way to count it."""

from __future__ import annotations

import itertools
import pickle
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.player.events import LIVE_PARTS, EventIndex, EventSnapshot, PolypEvent
from app.player.playback import Span

FRAME_S = 0.5

Said = list[tuple[int, int]]
"""Frame's number and its marked share in hundredths, in the order of play."""


def played(said: Said, minimum_s: float = 0.0) -> EventIndex:
    index = EventIndex(FRAME_S, minimum_s)
    for number, share in said:
        index.add(number * FRAME_S, share / 100, share / 100)
    return index


def plainly(said: Said) -> list[tuple[float, float, float, int]]:
    """Start, end, peak and frames of every event, from all frames at once."""
    final = {number * FRAME_S: share / 100 for number, share in said}
    marked_s = sorted(time_s for time_s, share in final.items() if share > 0)
    groups: list[list[float]] = []
    for time_s in marked_s:
        if groups and time_s - groups[-1][-1] <= 1.0:
            groups[-1].append(time_s)
        else:
            groups.append([time_s])
    return [
        (group[0], group[-1] + FRAME_S, max(final[time_s] for time_s in group), len(group))
        for group in groups
    ]


said = st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0, 0, 10, 50, 90])), max_size=80)


@given(said)
def test_events_are_those_of_a_plain_count(said: Said) -> None:
    events = played(said).snapshot().events
    assert [(e.start_s, e.end_s, e.peak_probability, e.frames) for e in events] == plainly(said)


@given(said)
def test_an_events_thumbnail_is_the_frame_of_its_peak(said: Said) -> None:
    final = {number * FRAME_S: share / 100 for number, share in said}
    for event in played(said).snapshot().events:
        assert event.start_s <= event.thumbnail_pts_s < event.end_s
        assert final[event.thumbnail_pts_s] == event.peak_probability


@given(said)
def test_what_was_seen_covers_every_frame_and_lies_apart(said: Said) -> None:
    seen = played(said).snapshot().seen
    for number, _ in said:
        assert sum(span.start_s <= number * FRAME_S < span.end_s for span in seen) == 1
    assert all(later.start_s - earlier.end_s > 1.0 for earlier, later in itertools.pairwise(seen))


@given(said, st.sampled_from([0.5, 1.0, 3.0]))
def test_short_events_are_left_out(said: Said, minimum_s: float) -> None:
    everything = played(said).snapshot().events
    long_enough = [event for event in everything if event.end_s - event.start_s >= minimum_s]
    assert list(played(said, minimum_s).snapshot().events) == long_enough


def test_the_peak_is_announced_when_it_comes() -> None:
    index = EventIndex(0.1)
    shares = [0.1, 0.5, 0.3, 0.5, 0.7]
    peaks = [index.add(n * 0.1, share, share) for n, share in enumerate(shares)]
    assert peaks == [True, True, False, False, True]
    assert not index.add(0.9, 0.0, 0.2)


def test_a_snapshot_stays_itself_until_something_comes() -> None:
    index = EventIndex(0.1)
    assert index.snapshot() == EventSnapshot()
    index.add(0.0, 0.0, 0.0)
    first = index.snapshot()
    assert index.snapshot() is first
    index.add(0.1, 0.2, 0.9)
    assert first == EventSnapshot(seen=(Span(0.0, 0.1),))
    assert len(index.snapshot().events) == 1


def event(start_s: float, end_s: float) -> PolypEvent:
    return PolypEvent(start_s, end_s, 0.9, 0.1, start_s, 1)


@pytest.fixture
def three() -> EventSnapshot:
    return EventSnapshot(events=(event(1, 2), event(10, 20), event(30, 31)))


def test_going_from_event_to_event(three: EventSnapshot) -> None:
    starts = [e.start_s if (e := three.after(s)) else None for s in (0, 1, 5, 10, 29.9, 30)]
    assert starts == [1, 10, 10, 30, 30, None]
    starts = [e.start_s if (e := three.before(s)) else None for s in (0, 1, 1.9, 5, 10.5, 12, 99)]
    assert starts == [None, None, None, 1, 1, 10, 30]


def test_going_back_from_an_events_start_reaches_the_one_before(three: EventSnapshot) -> None:
    at = three.before(99)
    assert at is not None
    at = three.before(at.start_s)
    assert at is not None
    assert at.start_s == 10


def test_hours_of_video_in_random_order() -> None:
    said = [(number, 50 if number // 40 % 3 == 0 else 0) for number in range(20_000)]
    shuffled = said.copy()
    random.Random(1).shuffle(shuffled)
    assert played(shuffled).snapshot() == played(said).snapshot()


def test_live_events_are_those_of_a_recording_and_a_frame_counts_once() -> None:
    live = EventIndex(FRAME_S, live=True)
    frames = [(number, 50 if number // 5 % 3 == 0 else 0) for number in range(300)]
    for number, share in frames:
        for _ in range(2):  # shown again, where what is said of it changed
            live.add(number * FRAME_S, share / 100, share / 100)
    assert live.snapshot() == played(frames).snapshot()


def test_hours_of_live_video_take_no_more_memory() -> None:
    live = EventIndex(FRAME_S, live=True)
    sizes = []
    for number in range(30_000):
        live.add(number * FRAME_S, 0.5 if number // 5 % 3 == 0 else 0.0, 0.5)
        if number in (9_999, 29_999):
            sizes.append(len(pickle.dumps(live)))
    assert len(live.snapshot().events) == LIVE_PARTS
    assert live.snapshot().events[-1].end_s > 29_980 * FRAME_S
    assert sizes[1] < sizes[0] * 1.01
