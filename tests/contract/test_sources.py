"""What every source keeps: one suite over video files, images and the phantom."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from app.sources.base import SeekableSource, SourceError, VideoSource
from app.sources.file import FileSource
from app.sources.images import ImageSource
from tests.app.sources.pictures import write_image
from tests.app.sources.reading import read_all
from tests.app.sources.videos import CODINGS, numbered_picture, write_video
from tests.leftovers import held, wait_until_given_back
from tests.threads import on_a_thread
from tests.waiting import HANG_S

FRAMES = 12
VIDEOS = ("h264-mp4", "hevc-mkv", "mpeg2-ts", "mjpeg-avi", "ffv1-mkv", "h264-avi")

Maker = Callable[[], VideoSource]


def _phantom() -> VideoSource:
    phantom = pytest.importorskip("app.sources.phantom")
    source = phantom.PhantomSource(width=96, height=64, seconds=FRAMES / 30)
    assert isinstance(source, VideoSource)
    return source


@pytest.fixture(params=[*VIDEOS, "images", "image", "phantom"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Maker:
    """Opens the same source each time it is called."""
    kind = request.param
    if kind == "phantom":
        return _phantom
    if kind == "image":
        image = write_image(tmp_path / "image.png")
        return lambda: ImageSource(image)
    if kind == "images":
        for number in range(FRAMES):
            write_image(tmp_path / f"{number}.png", numbered_picture(number))
        return lambda: ImageSource(tmp_path)
    video = write_video(tmp_path / f"video{CODINGS[kind].suffix}", CODINGS[kind], FRAMES)
    return lambda: FileSource(video)


@pytest.fixture
def source(make: Maker) -> Iterator[VideoSource]:
    with make() as opened:
        yield opened


def test_indices_count_from_zero_and_times_rise(source: VideoSource) -> None:
    frames = read_all(source)
    assert len(frames) == source.info.frame_count
    assert [frame.index for frame in frames] == list(range(len(frames)))
    times_s = [frame.pts_s for frame in frames]
    assert times_s[0] == 0.0
    assert all(later > earlier for earlier, later in itertools.pairwise(times_s))
    arrivals = [frame.captured_ns for frame in frames]
    assert arrivals == sorted(arrivals)


def test_times_are_whole_ticks(source: VideoSource) -> None:
    time_base = source.info.time_base
    for frame in read_all(source):
        ticks = round(frame.pts_s / time_base)
        assert frame.pts_s == ticks * time_base.numerator / time_base.denominator


def test_pictures_are_what_info_says(source: VideoSource) -> None:
    info = source.info
    assert info.name
    assert info.rate > 0
    assert not info.live
    for frame in read_all(source):
        picture = frame.picture
        assert (picture.width, picture.height) == (info.width, info.height)
        assert picture.pixels.dtype == np.uint8
        assert picture.pixels.flags.c_contiguous
        shape = picture.pixel_format.shape(info.height, info.width)
        assert picture.pixels.shape == shape


def test_nobody_can_write_to_a_picture(source: VideoSource) -> None:
    frame = source.read()
    assert frame is not None
    with pytest.raises(ValueError, match="read-only"):
        frame.picture.pixels[0] = 0


def test_a_picture_outlives_the_next_one_and_the_source(make: Maker) -> None:
    with make() as source:
        frames = read_all(source)
        copies = [frame.picture.pixels.copy() for frame in frames]
    for frame, copy in zip(frames, copies, strict=True):
        assert np.array_equal(frame.picture.pixels, copy)


def test_after_the_end_it_stays_the_end(source: VideoSource) -> None:
    read_all(source)
    assert [source.read() for _ in range(3)] == [None, None, None]


def test_the_same_input_gives_the_same_bytes(make: Maker) -> None:
    with make() as first, make() as second:
        for one, other in zip(read_all(first), read_all(second), strict=True):
            assert (one.index, one.pts_s) == (other.index, other.pts_s)
            assert one.picture.pixels.tobytes() == other.picture.pixels.tobytes()
            assert one.picture.matrix is other.picture.matrix


def test_seeking_gives_the_frames_of_reading_on(source: VideoSource) -> None:
    if not isinstance(source, SeekableSource):
        pytest.skip("this source cannot seek")
    frames = read_all(source)
    for frame in (*reversed(frames), *frames[::3]):
        source.seek(frame.pts_s)
        sought = source.read()
        assert sought is not None
        assert (sought.index, sought.pts_s, sought.name) == (frame.index, frame.pts_s, frame.name)
        assert sought.picture.pixels.tobytes() == frame.picture.pixels.tobytes()
    source.seek(frames[-1].pts_s + 1.0)
    assert source.read() is None
    assert source.report.messages == ()


def test_listing_frames_gives_the_times_of_reading_and_moves_nothing(source: VideoSource) -> None:
    if not isinstance(source, SeekableSource):
        pytest.skip("this source cannot seek")
    first = source.read()
    assert first is not None
    shares: list[float] = []
    source.list_frames(shares.append)
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    listed_s = source.frame_times_s
    times_s = [frame.pts_s for frame in (first, *read_all(source))]
    # Some files do not tell their frames' times: those are found by decoding.
    assert listed_s is None or listed_s.tolist() == times_s


def test_the_report_of_a_sound_source_is_empty_and_readable_anywhere(source: VideoSource) -> None:
    with on_a_thread(lambda: source.report) as reports:
        read_all(source)
    for report in (*reports, source.report):
        assert (report.undecodable, report.truncated, report.messages) == (0, False, ())


def test_interrupt_from_another_thread_ends_reading(source: VideoSource) -> None:
    started = threading.Event()

    def read_on() -> None:
        while source.read() is not None:
            started.set()

    with on_a_thread(read_on, HANG_S):
        assert started.wait(HANG_S)
        source.interrupt()
        source.interrupt()
    assert source.read() is None


def test_an_interrupted_source_gives_no_frame(source: VideoSource) -> None:
    source.interrupt()
    assert source.read() is None
    assert source.read() is None


def test_close_from_another_thread_ends_reading(make: Maker) -> None:
    source = make()
    started = threading.Event()

    def read_on() -> None:
        with suppress(SourceError):
            while source.read() is not None:
                started.set()

    with on_a_thread(read_on, HANG_S):
        assert started.wait(HANG_S)
        source.close()


def test_closing_twice_is_fine_and_reading_after_it_is_not(make: Maker) -> None:
    source = make()
    assert source.read() is not None
    source.close()
    source.close()
    with pytest.raises(SourceError, match="closed"):
        source.read()
    source.interrupt()
    assert source.report.undecodable == 0
    assert source.info.width > 0


def test_the_context_manager_closes(make: Maker) -> None:
    with make() as source:
        assert source.read() is not None
    with pytest.raises(SourceError, match="closed"):
        source.read()


def test_fifty_openings_leak_no_descriptor_and_no_thread(make: Maker) -> None:
    if not held():
        pytest.skip("needs /proc to count descriptors")

    def one_round() -> None:
        with make() as source:
            source.read()
            if isinstance(source, SeekableSource):
                source.seek(0.1)
                source.read()

    one_round()
    before = held()
    # The phantom draws its whole colon when it is opened.
    for _ in range(1 if make is _phantom else 50):
        one_round()
    wait_until_given_back(before)
