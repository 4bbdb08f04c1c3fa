"""How the values of options are read."""

from __future__ import annotations

import argparse

import pytest

from app.commands.options import seconds


@pytest.mark.parametrize(
    ("text", "wanted_s"),
    [("0", 0.0), ("90", 90.0), ("1.5", 1.5), ("1:30", 90.0), ("1:02:03.25", 3723.25)],
)
def test_times_are_seconds_or_clock_times(text: str, wanted_s: float) -> None:
    assert seconds(text) == wanted_s


@pytest.mark.parametrize("text", ["", "1:60", "1:60:00", "1:2:3:4", ":30", "1:", "1e3", "-5"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        seconds(text)
