from __future__ import annotations

from dataclasses import astuple

import numpy as np
import pytest

from models.evaluation.bootstrap import (
    Interval,
    clustered_share_interval,
    mean_interval,
    share_interval,
)
from models.evaluation.overlap import Overlap


def test_measures_of_a_case_worked_out_by_hand() -> None:
    """Of 20 pixels 6 are marked and 8 are polyp; 4 are both."""
    overlap = Overlap(both=4, marked_alone=2, polyp_alone=4, neither=10)
    assert overlap.dice == pytest.approx(8 / 14)
    assert overlap.iou == pytest.approx(4 / 10)
    assert overlap.precision == pytest.approx(4 / 6)
    assert overlap.recall == pytest.approx(4 / 8)
    assert overlap.f2 == pytest.approx(5 * (4 / 6) * (4 / 8) / (4 * (4 / 6) + 4 / 8))
    assert overlap.accuracy == pytest.approx(14 / 20)


def test_counts_of_two_masks() -> None:
    marked = np.array([[True, True, False], [False, False, True]])
    polyp = np.array([[True, False, False], [False, True, True]])
    assert Overlap.of(marked, polyp) == Overlap(2, 1, 1, 2)


@pytest.mark.parametrize("name", ["dice", "iou", "precision", "recall", "f2", "accuracy"])
def test_an_empty_answer_to_an_empty_frame_is_right(name: str) -> None:
    assert getattr(Overlap(0, 0, 0, 9), name) == 1.0


@pytest.mark.parametrize("name", ["dice", "iou", "precision", "recall", "f2"])
@pytest.mark.parametrize("overlap", [Overlap(0, 3, 0, 6), Overlap(0, 0, 3, 6)])
def test_all_wrong_is_zero(name: str, overlap: Overlap) -> None:
    assert getattr(overlap, name) == 0.0


@pytest.mark.parametrize("name", ["dice", "iou", "precision", "recall", "f2", "accuracy"])
def test_a_full_answer_to_a_full_frame_is_right(name: str) -> None:
    assert getattr(Overlap(9, 0, 0, 0), name) == 1.0


def test_the_interval_of_equal_values_is_the_value() -> None:
    assert mean_interval([0.5] * 10) == Interval(0.5, 0.5, 0.5)
    assert mean_interval([]) is None


def test_the_interval_agrees_with_the_normal_one() -> None:
    """400 draws from a known distribution: the mean's deviation is that of one draw over 20."""
    values = np.random.default_rng(0).normal(0.7, 0.2, 400)
    interval = mean_interval(list(values))
    assert interval is not None
    half = 1.96 * values.std() / 20
    assert interval.mean == pytest.approx(values.mean())
    assert interval.low == pytest.approx(values.mean() - half, abs=0.003)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.003)


def test_all_of_a_few_are_not_all_of_all() -> None:
    interval = clustered_share_interval([1] * 20, [1] * 20)
    assert interval == share_interval(20, 20)
    assert interval is not None
    assert (interval.mean, interval.high) == (1.0, 1.0)
    assert interval.low == pytest.approx(0.839, abs=5e-4)
    assert clustered_share_interval([0, 0], [0, 0]) is None


def test_cases_that_go_together_count_as_one() -> None:
    """Of pairs, both are found or neither is; a frame without cases changes nothing."""
    three = share_interval(3, 4)
    assert three is not None
    three_of_four = astuple(three)
    pairs = clustered_share_interval([2, 2, 2, 0, 0], [2, 2, 2, 2, 0])
    assert pairs is not None and astuple(pairs) == pytest.approx(three_of_four, abs=1e-9)
    apart = clustered_share_interval([1, 1, 1, 0], [1, 1, 1, 1])
    assert apart is not None and astuple(apart) == pytest.approx(three_of_four, abs=1e-9)
    # Such as would be spread more evenly than chance spreads them count as independent.
    even = clustered_share_interval([1, 1, 1, 1], [2, 2, 2, 2])
    assert even == share_interval(4, 8)
