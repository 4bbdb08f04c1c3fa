"""The pace of a card: exact moments, four buffers, and an honest count of what was lost."""

from __future__ import annotations

import time
from fractions import Fraction

import pytest

from app.sources.capture_clock import BUFFERS, CaptureClock, Tick
from tests.threads import on_a_thread

FRAME_S = 0.02
RATE = Fraction(50)


def ticks(clock: CaptureClock, count: int) -> list[Tick]:
    given = [clock.wait() for _ in range(count)]
    assert None not in given
    return [tick for tick in given if tick is not None]


@pytest.mark.parametrize("rate", [Fraction(120), Fraction(60_000, 1001), Fraction(1000, 7)])
def test_moments_are_whole_multiples_of_the_frame_time(rate: Fraction) -> None:
    clock = CaptureClock(rate)
    given = ticks(clock, 40)
    begun_ns = given[0].due_ns
    for tick in given:
        assert abs(tick.due_ns - begun_ns - tick.number * 1_000_000_000 / rate) <= 1


def test_no_frame_comes_before_its_moment() -> None:
    clock = CaptureClock(RATE)
    for _ in range(20):
        tick = clock.wait()
        assert tick is not None
        assert tick.due_ns <= time.monotonic_ns()


def test_a_reader_in_time_loses_nothing() -> None:
    clock = CaptureClock(Fraction(5))
    assert [tick.number for tick in ticks(clock, 4)] == [0, 1, 2, 3]
    assert clock.lost == 0


def test_a_late_reader_finds_the_oldest_frames_and_the_rest_is_lost() -> None:
    clock = CaptureClock(RATE)
    ticks(clock, 1)
    away = 3 * BUFFERS
    time.sleep(away * FRAME_S)
    late = ticks(clock, BUFFERS + 1)
    assert [tick.number for tick in late[:BUFFERS]] == [1, 2, 3, 4]
    assert late[-1].number > away - BUFFERS
    assert late[-1].number <= BUFFERS + 1 + clock.lost
    assert clock.lost >= away - BUFFERS - 1


def test_every_frame_is_given_or_counted_as_lost() -> None:
    clock = CaptureClock(Fraction(500))
    numbers = []
    for pause_s in (0, 0.03, 0, 0.001, 0.1, 0, 0, 0.02) * 5:
        numbers += [tick.number for tick in ticks(clock, 1)]
        time.sleep(pause_s)
    last = ticks(clock, BUFFERS + 1)
    numbers += [tick.number for tick in last]
    assert numbers == sorted(set(numbers))
    assert len(numbers) + clock.lost >= numbers[-1] + 1
    assert clock.lost > 0


def test_interrupt_ends_the_wait_for_good() -> None:
    clock = CaptureClock(Fraction(1, 3600))
    assert clock.wait() is not None
    with on_a_thread(clock.wait) as given:
        clock.interrupt()
    assert given == [None]
    assert clock.wait() is None


@pytest.mark.parametrize("rate", [Fraction(0), Fraction(-30)])
def test_a_rate_that_is_none_is_refused(rate: Fraction) -> None:
    with pytest.raises(ValueError, match="positive number of frames"):
        CaptureClock(rate)
