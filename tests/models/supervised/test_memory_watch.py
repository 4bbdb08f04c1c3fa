"""A process that takes more and more memory is noticed, one that has what it needs is not."""

from __future__ import annotations

import mmap
import os
import time

import numpy as np
import pytest

from models.supervised import memory_watch
from models.supervised.memory_watch import MemoryWatch


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_watch, "WARM_UP_S", 0.0)
    monkeypatch.setattr(memory_watch, "LOOK_EVERY_S", 0.0)


def test_growth_past_the_limit_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory_watch, "_SPARE_BYTES", 0)
    watch = MemoryWatch(os.getpid(), None)
    assert [watch.excess() for _ in range(5)] == [""] * 5
    taken_bytes = watch._taken_bytes()
    grown = np.ones(taken_bytes, np.uint8)
    assert "MiB, more than " in watch.excess()
    del grown
    assert watch.excess() == ""


def test_memory_that_others_have_too_does_not_count() -> None:
    watch = MemoryWatch(os.getpid(), 0)
    shared = np.frombuffer(mmap.mmap(-1, 64 << 20), np.uint8)
    before_bytes = watch._taken_bytes()
    shared[:] = 1
    assert abs(watch._taken_bytes() - before_bytes) < 32 << 20


def test_it_rests_when_told() -> None:
    watch = MemoryWatch(os.getpid(), 0)
    assert watch.excess()
    watch.rest(1e6)
    assert not watch.excess()
    watch.rest(0.0)
    time.sleep(0.001)
    assert watch.excess()
