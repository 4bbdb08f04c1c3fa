"""From which frames had a mask to what a person may expect."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pytest

from app.player.mask_watch import STALE_AFTER_S, MaskWatch

FRAME_NS = 40_000_000


def stale_after_each(masked: Iterable[bool]) -> list[bool]:
    watch = MaskWatch()
    answers = []
    for number, has_mask in enumerate(masked):
        watch.frame(has_mask, number * FRAME_NS)
        answers.append(watch.stale(number * FRAME_NS))
    return answers


def test_it_is_ready_after_a_few_masks_and_stale_after_a_few_frames_without() -> None:
    answers = stale_after_each([True] * 10 + [False] * 10 + [True] * 10)
    assert answers[0]
    assert answers[5:11] == [False] * 6
    assert answers[13:21] == [True] * 8
    assert not answers[29]


@pytest.mark.parametrize(
    ("pattern", "stale"),
    [((True, False), True), ((True, False, False), True), ((True,) * 9, False)],
)
def test_it_does_not_flicker(pattern: tuple[bool, ...], stale: bool) -> None:
    masked = itertools.islice(itertools.cycle(pattern), 300)
    assert set(stale_after_each(masked)[20:]) == {stale}


def test_a_frame_now_and_then_without_a_mask_changes_nothing() -> None:
    answers = stale_after_each(number % 5 > 0 for number in range(300))
    assert set(answers[20:]) == {False}


def test_slow_video_is_stale_once_its_last_mask_is_long_ago() -> None:
    watch = MaskWatch()
    for number in range(10):
        watch.frame(True, number)
    watch.frame(False, 10)
    assert not watch.stale(10)
    assert watch.stale(11 + round(STALE_AFTER_S * 1e9))
