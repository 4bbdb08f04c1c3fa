"""The live phantom: numbered, paced, never the same twice, and lossy like a card."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from fractions import Fraction

import av
import numpy as np
import pytest

from app.sources.base import SourceError
from app.sources.capture_clock import BUFFERS
from app.sources.frame_stamp import read_stamp
from app.sources.test_picture import TestPicture
from models.picture import Picture, PixelFormat
from models.picture_area import find_picture_area
from tests.app.sources.reading import frames_of

SIZE = (640, 360)
RATE = Fraction(60)


def number_in(decoded: av.VideoFrame) -> int | None:
    pixels = np.asarray(decoded.to_ndarray(), np.uint8)
    return read_stamp(Picture(pixels, PixelFormat.YUV420P))


@pytest.fixture
def source() -> Iterator[TestPicture]:
    with TestPicture(SIZE, RATE) as opened:
        yield opened


def test_it_says_that_it_is_live_and_has_no_end(source: TestPicture) -> None:
    info = source.info
    assert (info.width, info.height, info.rate, info.live) == (*SIZE, RATE, True)
    assert info.frame_count is None
    assert info.duration_s is None


@pytest.mark.parametrize("size", [(1920, 1080), (3840, 2160), (720, 576), (160, 120)])
def test_frames_are_nv12_of_the_size_asked_for(size: tuple[int, int]) -> None:
    with TestPicture(size, 120) as source:
        for frame in frames_of(source, 3):
            assert frame.picture.pixel_format is PixelFormat.NV12
            assert (frame.picture.width, frame.picture.height) == size


def test_stamp_time_and_moment_of_each_frame_agree(source: TestPicture) -> None:
    frames = frames_of(source, 150)
    begun_ns = frames[0].captured_ns
    for frame in frames:
        number = read_stamp(frame.picture)
        assert number is not None
        assert frame.pts_s == float(number / RATE)
        assert abs(frame.captured_ns - begun_ns - number * 1_000_000_000 / RATE) <= 1
    assert [frame.index for frame in frames] == list(range(150))
    last = read_stamp(frames[-1].picture)
    assert last is not None
    assert 149 <= last <= 149 + source.report.dropped


def test_frames_that_nobody_reads_are_lost_and_counted(source: TestPicture) -> None:
    frames_of(source, 1)
    time.sleep(0.5)
    late = frames_of(source, BUFFERS + 1)
    numbers = [read_stamp(frame.picture) for frame in late]
    assert numbers[:BUFFERS] == [1, 2, 3, 4]
    assert numbers[-1] is not None
    assert numbers[-1] > 0.5 * RATE - 1
    assert source.report.dropped >= 0.5 * RATE - BUFFERS - 1
    assert [frame.index for frame in late] == [1, 2, 3, 4, 5]


def test_no_two_frames_are_the_same_and_the_scene_moves(source: TestPicture) -> None:
    frames = frames_of(source, 140)  # more than there and back
    assert len({frame.picture.pixels.tobytes() for frame in frames}) == len(frames)
    for one, other in itertools.pairwise(frames):
        if round((other.pts_s - one.pts_s) * RATE) == 1:  # none was lost between them
            beside_the_stamp = np.s_[:, SIZE[0] // 2 :]
            changed = one.picture.pixels[beside_the_stamp] != other.picture.pixels[beside_the_stamp]
            assert np.mean(changed) > 0.05


def test_the_endoscopes_picture_is_found_beside_the_stamp() -> None:
    with TestPicture((1920, 1080), 60) as source:
        (frame,) = frames_of(source, 1)
    area = find_picture_area(frame.picture)
    assert area is not None
    assert area.x > 0.3 * 1920
    assert area.height > 0.9 * 1080


def test_nobody_can_write_to_a_picture_and_it_outlives_the_next(source: TestPicture) -> None:
    (frame,) = frames_of(source, 1)
    with pytest.raises(ValueError, match="read-only"):
        frame.picture.pixels[0] = 0
    kept = frame.picture.pixels.copy()
    frames_of(source, 140)
    assert np.array_equal(frame.picture.pixels, kept)


def test_the_stamp_survives_a_video_codec(source: TestPicture) -> None:
    encoder = av.VideoCodecContext.create("libx264", "w")
    encoder.width, encoder.height, encoder.pix_fmt = *SIZE, "yuv420p"
    encoder.time_base = 1 / RATE
    encoder.options = {"preset": "ultrafast", "crf": "32", "tune": "zerolatency"}
    decoder = av.VideoCodecContext.create("h264", "r")
    sent, got = [], []
    for frame in frames_of(source, 30):
        sent.append(read_stamp(frame.picture))
        coded = encoder.encode(av.VideoFrame.from_ndarray(frame.picture.pixels, format="nv12"))
        decoded = [each for packet in coded for each in decoder.decode(packet)]
        got += [number_in(each) for each in decoded]
    got += [number_in(each) for each in decoder.decode(None)]
    assert got == sent


@pytest.mark.parametrize("size", [(158, 120), (160, 118), (641, 360), (640, 361), (8000, 2000)])
def test_a_size_that_cannot_be_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="even size from 160x120 to"):
        TestPicture(size)


def test_interrupt_and_close_end_it(source: TestPicture) -> None:
    frames_of(source, 2)
    source.interrupt()
    assert source.read() is None
    source.close()
    with pytest.raises(SourceError, match="closed"):
        source.read()
