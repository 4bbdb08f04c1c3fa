"""How a frame rate is read."""

from __future__ import annotations

from fractions import Fraction

import pytest

from app.sources.frame_rate import parse_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("60", Fraction(60)),
        ("59.94", Fraction(2997, 50)),
        ("60000/1001", Fraction(60000, 1001)),
        ("1", Fraction(1)),
        ("1000", Fraction(1000)),
    ],
)
def test_rates_are_exact(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text",
    ["", "0", "1/2", "1001", "1/0", "-60", "fast", "nan", " 60", "٦٠", "1e2", "1e99999999"],
)
def test_what_is_no_rate_of_a_video_is_refused_at_once(text: str) -> None:
    with pytest.raises(ValueError, match="is no rate from 1 to 1000 frames per second"):
        parse_rate(text)
