"""How long live frames wait for their masks when nobody has said it."""

from __future__ import annotations

import pytest

from app.player.mask_wait_choice import MaskWaitChoice


@pytest.mark.parametrize(
    ("network_ms", "frame_ms", "wait_ms"),
    [
        (0.0, 16.7, None),
        (3.0, 16.7, None),
        (16.0, 16.7, None),
        (17.0, 16.7, 120.0),
        (60.0, 16.7, 120.0),
        (60.0, 40.0, 120.0),
        (90.0, 40.0, None),
        (300.0, 16.7, None),
    ],
)
def test_frames_wait_longer_for_a_network_that_is_slow_but_not_too_slow(
    network_ms: float, frame_ms: float, wait_ms: float | None
) -> None:
    assert MaskWaitChoice().choose(network_ms, frame_ms) == wait_ms


def test_it_does_not_change_its_mind_at_every_frame() -> None:
    choice = MaskWaitChoice()
    answers = [choice.choose(network_ms, 20.0) for network_ms in (21.0, 19.0, 17.0, 15.0, 19.0)]
    assert answers == [120.0, 120.0, 120.0, None, None]
