"""Recordings at the pace of a card: every frame in turn, again and again, none before its time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from app.bench.paced_recording import PacedRecording
from app.sources.base import SourceError
from app.sources.excerpt import Excerpt
from app.sources.file import FileSource
from tests.app.sources.reading import frames_of
from tests.app.sources.videos import MP4, number_in, write_video
from tests.threads import on_a_thread

FRAMES = 12
RATE = 100


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recording")
    return write_video(folder / "clip.mp4", MP4, FRAMES, rate=RATE)


@pytest.fixture
def source(clip: Path) -> Iterator[PacedRecording]:
    with PacedRecording(FileSource(clip), None) as opened:
        yield opened


def test_it_is_live_at_the_recordings_rate_and_has_no_end(source: PacedRecording) -> None:
    info = source.info
    assert info.live
    assert info.rate == RATE
    assert (info.frame_count, info.duration_s) == (None, None)


def test_frames_come_in_turn_and_again_from_the_start(source: PacedRecording) -> None:
    frames = frames_of(source, 3 * FRAMES)
    assert [number_in(frame.picture) for frame in frames] == 3 * list(range(FRAMES))
    assert [frame.index for frame in frames] == list(range(3 * FRAMES))


def test_no_frame_comes_before_its_time_and_none_drifts(source: PacedRecording) -> None:
    frames = frames_of(source, 2 * FRAMES)
    for frame in frames:
        due_ns = frames[0].captured_ns + round(frame.pts_s * 1e9)
        assert frame.captured_ns >= due_ns - 1_000
    times_s = [frame.pts_s for frame in frames]
    assert times_s == sorted(set(times_s))
    assert times_s[-1] >= (2 * FRAMES - 1) / RATE


def test_another_rate_may_be_asked_for(clip: Path) -> None:
    with PacedRecording(FileSource(clip), Fraction(50)) as source:
        assert source.info.rate == 50
        frames = frames_of(source, FRAMES)
    assert frames[-1].captured_ns - frames[0].captured_ns >= (FRAMES - 1) * 20_000_000


def test_a_frame_decoded_too_late_counts_from_when_it_was_there(source: PacedRecording) -> None:
    frames_of(source, 1)
    time.sleep(5 / RATE)
    begun_ns = time.monotonic_ns()
    (late,) = frames_of(source, 1)
    assert late.captured_ns >= begun_ns


def test_frames_that_nobody_took_are_counted(source: PacedRecording) -> None:
    frames_of(source, 1)
    time.sleep(0.3)
    frames_of(source, 6)
    assert source.report.dropped >= 0.3 * RATE - 6


def test_interrupt_ends_it_at_once(clip: Path) -> None:
    with PacedRecording(FileSource(clip), Fraction(1, 3600)) as source:
        frames_of(source, 1)
        with on_a_thread(source.read) as given:
            source.interrupt()
        assert given == [None]


def test_interrupted_before_its_first_frame_it_simply_ends(source: PacedRecording) -> None:
    source.interrupt()
    assert source.read() is None


def test_a_recording_without_a_frame_says_so(clip: Path) -> None:
    beyond_its_end = Excerpt(FileSource(clip), 99.0, None)
    with PacedRecording(beyond_its_end, None) as source, pytest.raises(SourceError, match="clip"):
        source.read()


def test_closing_closes_the_recording(source: PacedRecording) -> None:
    source.close()
    with pytest.raises(SourceError, match="closed"):
        source.read()
