"""Every frame is found at its own time, and none before it."""

from __future__ import annotations

import math
from fractions import Fraction

import pytest

from app.sources.phantom import PhantomSource
from app.sources.ticks import first_not_before, seconds

RATES = [Fraction(25), Fraction(30), Fraction(30000, 1001), Fraction(1, 3), Fraction(1_000_000)]


@pytest.mark.parametrize("rate", RATES, ids=str)
def test_the_nearest_floats_around_a_tick_belong_to_it_and_to_the_next(rate: Fraction) -> None:
    for ticks in range(2000):
        time_s = seconds(ticks, 1 / rate)
        assert time_s == float(ticks / rate)
        assert first_not_before(math.nextafter(time_s, -math.inf), 1 / rate) == ticks
        assert first_not_before(time_s, 1 / rate) == ticks
        assert first_not_before(math.nextafter(time_s, math.inf), 1 / rate) == ticks + 1


def test_the_phantom_gives_no_frame_before_the_one_that_is_sought() -> None:
    with PhantomSource(width=160, height=120, rate=30) as phantom:
        for number in range(100):
            wanted_s = math.nextafter(number / 30, math.inf)
            phantom.seek(wanted_s)
            assert phantom._time_s(phantom._next) >= wanted_s
