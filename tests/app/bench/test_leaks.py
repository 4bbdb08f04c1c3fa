"""What comes back again and again leaves nothing behind, however often it was lost."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from contextlib import suppress
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from app.bench.resources import Usage, usage
from app.frame import Frame
from app.sources.live import SignalState, SourceLostError
from app.sources.reconnecting import ReconnectingSource
from app.sources.test_picture import TestPicture
from models.backends.base import BackendError
from models.picture import Picture, PixelFormat
from models.supervised.supervised_segmenter import SupervisedSegmenter
from tests.app.sources.waiting import wait_for_state
from tests.bench.faults import stand_in

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="own memory is what Linux tells"),
]
WIDTH, HEIGHT = 800, 600
NOISE_MB = 1.0
"""A frame has 0.7 MB: one in fifty that stayed would be seen."""
RESTARTS = 100
DEATHS = 10


class BreakingPicture(TestPicture):
    """Is lost after two frames."""

    def __init__(self) -> None:
        super().__init__((WIDTH, HEIGHT), Fraction(60))

    def read(self) -> Frame | None:
        frame = super().read()
        if frame is not None and frame.index == 2:
            raise SourceLostError("The test picture was unplugged.")
        return frame


def held_now() -> Usage:
    gc.collect()
    return usage()


def test_restarts_of_a_source_leave_nothing() -> None:
    opened = 0

    def open_source() -> BreakingPicture:
        nonlocal opened
        opened += 1
        return BreakingPicture()

    def wait_until_opened(times: int) -> None:
        while opened < times:
            if source.signal.state is SignalState.FAILED:
                source.retry()
            time.sleep(0.005)
        wait_for_state(source, SignalState.LIVE)

    with ReconnectingSource("test picture", open_source) as source:
        wait_until_opened(RESTARTS // 2)
        before = held_now()
        wait_until_opened(RESTARTS // 2 + RESTARTS)
        assert held_now().own_mb - before.own_mb < NOISE_MB


def test_deaths_of_the_networks_process_leave_nothing() -> None:
    picture = Picture(np.zeros((HEIGHT * 3 // 2, WIDTH), np.uint8), PixelFormat.NV12)
    segmenter = SupervisedSegmenter(partial(stand_in))

    def die() -> None:
        with suppress(BackendError), segmenter:
            assert segmenter.segment(picture, 0).frame_index == 0
            pid = segmenter.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            segmenter.segment(picture, 1)
            raise AssertionError("a dead process has answered")

    die()
    die()
    before = held_now()
    for _ in range(DEATHS):
        die()
    after = held_now()
    assert after.own_mb - before.own_mb < NOISE_MB
    assert (after.handles, after.threads) == (before.handles, before.threads)
