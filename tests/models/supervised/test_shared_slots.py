"""Memory that two processes share: who writes where, and what nobody may do to it."""

from __future__ import annotations

import os

import numpy as np
import pytest

from models.spec import ModelSpec
from models.supervised.shared_slots import SLOTS, SharedSlots

SPEC = ModelSpec(height=60, width=100)


def test_both_sides_see_the_same_and_no_slot_reaches_into_another() -> None:
    here, descriptor = SharedSlots.create(10_000, SPEC)
    there = SharedSlots(descriptor, SPEC)
    os.close(descriptor)
    assert here.room == there.room >= 10_000
    for number in range(SLOTS):
        here.picture(number, here.room)[:] = 10 + number
        there.probability(number)[:] = 20 + number
    for number in range(SLOTS):
        assert (there.picture(number, there.room) == 10 + number).all()
        assert (here.probability(number) == 20 + number).all()
        assert np.shares_memory(there.picture(number, 1), there.picture(number + SLOTS, 1))
    assert here.probability(0).shape == (60, 100)


def test_no_side_can_cut_off_what_the_other_looks_at() -> None:
    slots, descriptor = SharedSlots.create(10_000, SPEC)
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 0)
    with pytest.raises(PermissionError):
        os.ftruncate(descriptor, 1 << 30)
    os.close(descriptor)
    assert not slots.memory.any()
