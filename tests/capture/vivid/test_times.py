"""When frames were captured, and which never arrived."""

from __future__ import annotations

import itertools
import time

from app.sources.camera import V4L2Camera
from app.sources.live import CaptureWish
from tests.app.sources.reading import frames_of
from tests.capture.vivid import card
from tests.capture.vivid.reading import open_card

START_OF_EXPOSURE = 1


def test_frames_count_up_and_carry_the_drivers_time() -> None:
    card.set_control("Timestamp Source", START_OF_EXPOSURE)
    with open_card() as camera:
        before_ns = time.monotonic_ns()
        frames = frames_of(camera, 20)
        after_ns = time.monotonic_ns()
    assert [frame.index for frame in frames] == list(range(20))
    stamps = [frame.captured_ns for frame in frames]
    assert stamps == sorted(stamps)
    assert before_ns - 1_000_000_000 < stamps[0]
    assert stamps[-1] <= after_ns
    # V4L2 stamps in microseconds; the time of arrival would not be whole ones.
    assert all(stamp % 1000 == 0 for stamp in stamps)
    assert frames[0].pts_s == 0.0
    for one, next_one in itertools.pairwise(frames):
        assert next_one.pts_s >= one.pts_s
        distance_s = (next_one.captured_ns - one.captured_ns) / 1e9
        assert abs(next_one.pts_s - one.pts_s - distance_s) < 2e-6
        assert next_one.pts_s == round(next_one.pts_s * 1_000_000) / 1_000_000


def test_frames_that_the_driver_drops_are_counted() -> None:
    card.set_control("Percentage of Dropped Buffers", 70)
    with open_card() as camera:
        frames = frames_of(camera, 15)
        report = camera.report
    assert [frame.index for frame in frames] == list(range(15))
    assert report.dropped >= 5
    assert f"{report.dropped} frames were lost" in " ".join(report.messages)


def test_a_sequence_number_that_wraps_loses_nothing() -> None:
    card.set_control("Wrap Sequence Number", 1)
    with open_card() as camera:
        frames_of(camera, 140)
        assert camera.report.dropped < 140


def test_times_never_fall_whatever_the_driver_stamps() -> None:
    for wrap in (1, 2):
        card.set_control("Wrap Timestamp", wrap)
        with V4L2Camera(str(card.NODE), CaptureWish(width=320, height=180)) as camera:
            frames = frames_of(camera, 10)
        assert all(frame.captured_ns <= time.monotonic_ns() for frame in frames)
        times_s = [frame.pts_s for frame in frames]
        assert times_s == sorted(times_s)
