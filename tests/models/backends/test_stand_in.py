"""The stand-in: a fixed time, a plausible mask, and no claim to be a network."""

from __future__ import annotations

import time

import numpy as np
import pytest

from models.backends.selection import BACKEND_NAMES
from models.backends.stand_in import StandInBackend
from models.picture import Picture
from models.regions import find_regions
from models.segmenter import Segmenter
from models.spec import ModelSpec

SPEC = ModelSpec()
FRAME = np.zeros((SPEC.height, SPEC.width, 3), np.uint8)


def test_it_never_answers_before_its_time() -> None:
    with StandInBackend(SPEC, 20.0) as backend:
        for _ in range(5):
            begun_ns = time.monotonic_ns()
            backend.infer(FRAME)
            assert time.monotonic_ns() - begun_ns >= 20_000_000


def test_the_wait_takes_no_processor_time() -> None:
    with StandInBackend(SPEC, 200.0) as backend:
        begun_ns = time.thread_time_ns()
        backend.infer(FRAME)
        assert time.thread_time_ns() - begun_ns < 100_000_000


def test_its_mask_is_one_region_that_moves() -> None:
    picture = Picture(np.full((360, 640, 3), 120, np.uint8))
    with Segmenter(StandInBackend(SPEC, 0.0)) as segmenter:
        centres = []
        for index in range(60):
            segmentation = segmenter.segment(picture, index)
            assert segmentation.probability.shape == (SPEC.height, SPEC.width)
            (region,) = find_regions(segmentation, SPEC.threshold, SPEC.least_area).regions
            centres.append((region.x + region.width / 2, region.y + region.height / 2))
    assert len(set(centres)) > 50


def test_an_answer_is_the_callers_own_and_each_life_gives_the_same() -> None:
    lives = []
    backend = StandInBackend(SPEC, 0.0)
    for _ in range(2):
        with backend:
            first = backend.infer(FRAME)
            kept = first.copy()
            backend.infer(FRAME)
            assert np.array_equal(first, kept)
            first[:] = 0
            lives.append(kept)
    assert np.array_equal(lives[0], lives[1])


def test_it_names_itself_and_nothing_selects_it() -> None:
    info = StandInBackend(SPEC, 3.0).info
    assert info.backend == "stand-in"
    assert info.device == "no network, a fixed 3 ms"
    assert info.precision == "none"
    assert info.model_sha256 is None
    assert "stand-in" not in BACKEND_NAMES


def test_a_negative_latency_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 0 ms"):
        StandInBackend(SPEC, -1.0)
