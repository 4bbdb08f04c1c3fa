"""How the values of options are read."""

from __future__ import annotations

from argparse import ArgumentTypeError

import pytest

from models.option_values import input_size, number_within


def test_a_side_that_the_network_takes_passes() -> None:
    assert input_size("352") == 352


@pytest.mark.parametrize(("text", "fitting"), [("351", 352), ("0", 32), ("-32", 32)])
def test_any_other_side_is_told_the_next_that_fits(text: str, fitting: int) -> None:
    with pytest.raises(ArgumentTypeError, match=rf"^{text} is no multiple of 32; use {fitting}$"):
        input_size(text)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("large", "'large' is no number of pixels"),
        ("9" * 5000, "is no number of pixels"),
        ("99999999999999999968", "too large; use 2048 at most"),
    ],
)
def test_what_cannot_be_a_side_is_told_one_that_can(text: str, sentence: str) -> None:
    with pytest.raises(ArgumentTypeError, match=sentence):
        input_size(text)


@pytest.mark.parametrize(("text", "value"), [("0", 0.0), ("0.5", 0.5), ("1e1", 10.0)])
def test_both_ends_belong_to_a_range(text: str, value: float) -> None:
    assert number_within(0, 10)(text) == value


@pytest.mark.parametrize("text", ["-0.1", "10.1", "inf", "nan", "", "five"])
def test_what_is_no_number_of_a_range_is_refused(text: str) -> None:
    with pytest.raises(ArgumentTypeError, match=rf"^'{text}' is no number from 0 to 10$"):
        number_within(0, 10)(text)
