from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from app.frame import Frame
from app.sources.live_times import LiveTimes
from models.picture import Picture

PICTURE = Picture(np.zeros((2, 2, 3), np.uint8))
STEP_S = 0.02
STEP_NS = 20_000_000
BEGUN_NS = 5_000_000_000


def frame(number: int, pts_offset_s: float = 0.0, captured_offset_ns: int = 0) -> Frame:
    captured_ns = BEGUN_NS + (number + 1) * STEP_NS
    return Frame(PICTURE, 0, number * STEP_S + pts_offset_s, captured_ns + captured_offset_ns)


def now_ns(number: int) -> int:
    """A little after frame ``number`` was captured."""
    return BEGUN_NS + (number + 1) * STEP_NS + 2_000_000


def place(times: LiveTimes, frames: list[Frame]) -> list[Frame]:
    times.begin(BEGUN_NS)
    return [times.place(given, now_ns(number)) for number, given in enumerate(frames)]


def test_sound_times_pass_unchanged() -> None:
    times = LiveTimes()
    frames = [frame(number, pts_offset_s=7.0) for number in range(10)]
    placed = place(times, frames)
    assert [given.pts_s for given in placed] == [
        pytest.approx(number * STEP_S, abs=1e-9) for number in range(10)
    ]
    assert [given.captured_ns for given in placed] == [given.captured_ns for given in frames]
    assert times.mended == 0


@pytest.mark.parametrize("jump_s", [-0.5, -3600.0, 3600.0, 1e9, -1e9, math.nan, math.inf])
def test_a_jump_of_the_sources_time_is_bridged_by_the_clock(jump_s: float) -> None:
    times = LiveTimes()
    frames = [frame(number, jump_s if number >= 5 else 0.0) for number in range(10)]
    placed = place(times, frames)
    for earlier, later in itertools.pairwise(placed):
        assert later.pts_s - earlier.pts_s == pytest.approx(STEP_S, abs=1e-5)
    if math.isfinite(jump_s):
        assert times.mended == 1


def test_the_second_frame_may_jump() -> None:
    times = LiveTimes()
    placed = place(times, [frame(0), frame(1, 100.0), frame(2, 100.0)])
    assert [given.pts_s for given in placed] == [0.0, STEP_S, 2 * STEP_S]


@pytest.mark.parametrize("offset_ns", [1_000_000_000, 10**15, -(10**15), -40_000_000])
def test_a_moment_of_capture_that_cannot_be_becomes_now(offset_ns: int) -> None:
    times = LiveTimes()
    frames = [frame(number, 0.0, offset_ns if number >= 5 else 0) for number in range(10)]
    placed = place(times, frames)
    for number, given in enumerate(placed):
        assert given.captured_ns <= now_ns(number)
    captured = [given.captured_ns for given in placed]
    assert captured == sorted(captured)
    assert times.mended > 0


def test_after_a_loss_time_goes_on_by_the_clock() -> None:
    times = LiveTimes()
    before = place(times, [frame(number) for number in range(5)])
    times.begin(now_ns(100))
    after = times.place(frame(200, pts_offset_s=-200 * STEP_S), now_ns(200))
    assert after.pts_s - before[-1].pts_s == pytest.approx(196 * STEP_S, abs=1e-5)
    assert times.mended == 0


def test_what_came_all_at_once_after_each_loss_adds_up_to_nothing() -> None:
    """A stream gives what arrived while it was being opened in one go."""
    times = LiveTimes()
    first = times.place(Frame(PICTURE, 0, 0.0, BEGUN_NS), BEGUN_NS)
    for opening in range(1, 11):
        opened_ns = BEGUN_NS + opening * 1_000_000_000
        times.begin(opened_ns)
        burst = [Frame(PICTURE, 0, number * STEP_S, opened_ns) for number in range(10)]
        placed = [times.place(given, opened_ns) for given in burst]
        assert placed[0].pts_s - first.pts_s == pytest.approx(opening, abs=1e-5)
        assert placed[-1].pts_s - placed[0].pts_s == pytest.approx(9 * STEP_S, abs=1e-5)
    assert times.mended == 0


def test_after_a_loss_shorter_than_what_came_at_once_times_still_rise() -> None:
    times = LiveTimes()
    times.begin(BEGUN_NS)
    burst = [Frame(PICTURE, 0, number * STEP_S, BEGUN_NS) for number in range(10)]
    before = [times.place(given, BEGUN_NS) for given in burst]
    times.begin(now_ns(0))
    after = [times.place(frame(number), now_ns(number)) for number in range(3)]
    assert after[0].pts_s - before[-1].pts_s == pytest.approx(0.0, abs=1e-5)
    placed = [*before, *after]
    assert all(later.pts_s > earlier.pts_s for earlier, later in itertools.pairwise(placed))
    assert after[-1].pts_s - after[0].pts_s == pytest.approx(2 * STEP_S, abs=1e-5)


def test_times_rise_even_where_the_sources_stand_still() -> None:
    times = LiveTimes()
    placed = place(times, [frame(number, -number * STEP_S) for number in range(10)])
    assert all(later.pts_s > earlier.pts_s for earlier, later in itertools.pairwise(placed))
