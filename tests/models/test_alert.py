"""A marker waits until its region has lasted."""

from __future__ import annotations

import pytest

from models.alert import AlertState
from models.regions import Region


def region(x: int, y: int = 0, size: int = 10) -> Region:
    return Region(x, y, size, size, size * size, 0.9)


def test_a_region_is_marked_once_it_has_lasted() -> None:
    state = AlertState()
    marked = []
    for n in range(8):
        state = state.advanced((region(n),), n / 25)
        marked.append(len(state.alerts(200)))
    assert marked == [0, 0, 0, 0, 0, 1, 1, 1]


def test_without_a_minimum_every_region_is_marked_at_once() -> None:
    state = AlertState().advanced((region(0), region(50)), 3.0)
    assert state.alerts(0) == (region(0), region(50))


def test_a_break_starts_anew() -> None:
    state = AlertState().advanced((region(0),), 0.0).advanced((), 0.1).advanced((region(0),), 0.2)
    assert state.alerts(200) == ()


def test_a_region_elsewhere_is_another_one() -> None:
    state = AlertState().advanced((region(0),), 0.0).advanced((region(100), region(3)), 0.2)
    assert state.alerts(200) == (region(3),)


@pytest.mark.parametrize("x", [10, -10])
def test_regions_that_only_touch_are_not_the_same(x: int) -> None:
    state = AlertState().advanced((region(20),), 0.0).advanced((region(20 + x),), 0.2)
    assert state.alerts(200) == ()


def test_two_that_join_have_lasted_as_long_as_the_older() -> None:
    state = AlertState().advanced((region(0),), 0.0).advanced((region(0), region(30)), 0.1)
    state = state.advanced((region(0, size=60),), 0.2)
    assert state.alerts(200) == (region(0, size=60),)


def test_a_step_back_starts_anew() -> None:
    state = AlertState().advanced((region(0),), 1.0).advanced((region(0),), 0.9)
    assert state.alerts(50) == ()


def test_a_frame_that_stands_still_shows_every_region_and_goes_on_showing_it() -> None:
    state = AlertState().advanced((region(0),), 1.0).settled()
    assert state.alerts(5000) == (region(0),)
    assert state.advanced((region(1),), 1.04).alerts(5000) == (region(1),)


def test_the_same_frame_twice_changes_nothing() -> None:
    state = AlertState().advanced((region(0),), 0.0).advanced((region(0),), 0.2)
    assert state.advanced((region(0),), 0.2) == state
