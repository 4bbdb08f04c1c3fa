"""Frames come when they are due, and the person's hand is obeyed exactly."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

import pytest

from app.frame import Frame
from app.player.paced_source import PacedSource
from app.player.playback import WHOLE_VIDEO, Span
from app.sources.excerpt import Excerpt
from tests.app.player.watching import FRAMES, RATE, NumberedSource, longer
from tests.waiting import wait_until


class Reader:
    """Reads on a thread of its own; each frame takes ``work_s`` to be delivered."""

    def __init__(self, source: PacedSource, work_s: float = 0.0) -> None:
        self._source = source
        self._work_s = work_s
        self.wanted: list[tuple[Frame, int]] = []
        """Frames that arrived, each with its generation."""
        self.superseded = 0
        self.hold = threading.Event()
        self.hold.set()
        self._thread = threading.Thread(target=self._read)

    @property
    def indices(self) -> list[int]:
        return [frame.index for frame, _ in self.wanted]

    def first_of(self, generation: int) -> Frame:
        wait_until(lambda: any(at == generation for _, at in self.wanted))
        return next(frame for frame, at in self.wanted if at == generation)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.hold.set()
        self._source.interrupt()
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _read(self) -> None:
        while (frame := self._source.read()) is not None:
            time.sleep(self._work_s)
            self.hold.wait()
            generation = self._source.delivered()
            if generation is None:
                self.superseded += 1
            else:
                self.wanted.append((frame, generation))


def settled(reader: Reader, index: int) -> None:
    """Waits until nothing comes any more; the newest frame must then be this one."""

    def quiet() -> bool:
        count = len(reader.wanted)
        time.sleep(0.2)
        return len(reader.wanted) == count and reader.indices[-1:] == [index]

    wait_until(quiet, f"rest at frame {index}")


@pytest.fixture
def paused() -> Iterator[tuple[PacedSource, Reader]]:
    source = PacedSource(NumberedSource(), playing=False)
    with Reader(source) as reader:
        settled(reader, 0)
        yield source, reader


def test_every_frame_comes_in_its_own_time_and_then_the_end() -> None:
    source = PacedSource(NumberedSource())
    begun_s = time.monotonic()
    with Reader(source) as reader:
        wait_until(lambda: source.ended)
        took_s = time.monotonic() - begun_s
    assert took_s >= (FRAMES - 1) / RATE - 0.01
    assert reader.indices == sorted(set(reader.indices))
    assert len(reader.indices) + source.skipped == FRAMES
    assert reader.indices[-1] == FRAMES - 1
    for frame, _ in reader.wanted:
        assert frame.captured_ns / 1e9 - begun_s >= frame.pts_s - 0.01


def test_a_slow_reader_gets_the_frame_that_is_due_and_the_others_are_counted() -> None:
    source = PacedSource(NumberedSource())
    with Reader(source, work_s=0.15) as reader:
        wait_until(lambda: source.ended)
    assert source.skipped > FRAMES / 3
    assert len(reader.indices) + source.skipped == FRAMES
    begun_s = reader.wanted[0][0].captured_ns / 1e9
    lags_s = sorted(f.captured_ns / 1e9 - begun_s - f.pts_s for f, _ in reader.wanted)
    assert lags_s[len(lags_s) // 2] < 0.15  # the video's own time is kept


def test_a_slow_decoder_does_not_starve_the_reader() -> None:
    source = PacedSource(NumberedSource(decode_s=0.12))
    with Reader(source) as reader:
        wait_until(lambda: len(reader.wanted) >= 8)
    moments_s = [frame.captured_ns / 1e9 for frame, _ in reader.wanted]
    # Slower than the video, but as many as come out of the decoder, or nearly.
    assert (moments_s[-1] - moments_s[0]) / (len(moments_s) - 1) < 1.0


@pytest.mark.parametrize("speed", [0.5, 4.0])
def test_speed_stretches_time(speed: float) -> None:
    source = PacedSource(NumberedSource())
    source.set_speed(speed)
    with Reader(source) as reader:
        wait_until(lambda: len(reader.wanted) >= 2 and reader.indices[-1] >= 20)
        (first, _), (last, _) = reader.wanted[0], reader.wanted[-1]
    video_s, clock_s = last.pts_s - first.pts_s, (last.captured_ns - first.captured_ns) / 1e9
    assert clock_s >= video_s / speed - 0.02
    if speed > 1:
        assert clock_s < video_s * 2  # in any case faster than half the video's own time


def test_a_speed_out_of_range_is_refused() -> None:
    source = PacedSource(NumberedSource())
    for speed in (0.0, 0.09, 8.1, -1.0, float("nan")):
        with pytest.raises(ValueError, match="speed goes from"):
            source.set_speed(speed)


def test_paused_it_gives_the_first_frame_alone(paused: tuple[PacedSource, Reader]) -> None:
    _, reader = paused
    assert reader.indices == [0]


def test_steps_are_exact(paused: tuple[PacedSource, Reader]) -> None:
    source, reader = paused
    at = 0
    rng = random.Random(5)
    for _ in range(20):
        frames = rng.choice([1, 1, -1, -1, 5, -5])
        count = len(reader.wanted)
        source.step(frames)
        at = min(max(at + frames, 0), FRAMES - 1)
        wait_until(longer(reader.wanted, count))
        assert reader.indices[-1] == at
        assert len(reader.wanted) == count + 1


def test_a_step_back_from_play_shows_the_frame_before_the_last_given() -> None:
    source = PacedSource(NumberedSource())
    with Reader(source) as reader:
        wait_until(lambda: len(reader.wanted) > 10)
        source.pause()
        wait_until(lambda: source.in_flight_s == 0.0)
        time.sleep(0.1)  # the reader writes down what was delivered
        at = reader.indices[-1]
        source.step(-1)
        settled(reader, at - 1)
        assert not source.playing


@pytest.mark.parametrize("frames", [1, -1])
def test_a_step_from_play_starts_from_the_frame_that_is_seen(frames: int) -> None:
    source = PacedSource(NumberedSource())
    with Reader(source) as reader:
        wait_until(lambda: len(reader.wanted) > 10)
        reader.hold.clear()
        wait_until(lambda: source.in_flight_s > 0.1)
        at = reader.indices[-1]
        source.step(frames)
        reader.hold.set()
        settled(reader, at + frames)
        assert reader.superseded == 1
        source.step(frames)
        settled(reader, at + 2 * frames)


def test_steps_faster_than_they_can_be_done_add_up(paused: tuple[PacedSource, Reader]) -> None:
    source, reader = paused
    reader.hold.clear()
    for _ in range(10):
        source.step(1)
    reader.hold.set()
    settled(reader, 10)
    assert len(reader.wanted) < 10


def test_dragging_joins_seeks_and_ends_at_the_last() -> None:
    inner = NumberedSource()
    source = PacedSource(inner, playing=False)
    with Reader(source) as reader:
        settled(reader, 0)
        for begun in range(0, 80, 20):
            count = len(reader.wanted)
            reader.hold.clear()  # each picture takes as long as twenty seeks
            for index in range(begun, begun + 20):
                source.seek(index / RATE)
            reader.hold.set()
            wait_until(longer(reader.wanted, count))  # pictures come while the bar is dragged
        settled(reader, 79)
        assert inner.seeks <= 4 * 3
        assert reader.indices == sorted(reader.indices)


def test_after_a_seek_no_frame_of_before_arrives() -> None:
    source = PacedSource(NumberedSource())
    rng = random.Random(7)
    with Reader(source, work_s=0.01) as reader:
        for _ in range(30):
            time.sleep(rng.uniform(0, 0.06))
            index = rng.randrange(FRAMES - 10)
            source.seek(index / RATE)
            generation = source.generation
            first = reader.first_of(generation)
            assert first.index == index
        generations = [generation for _, generation in reader.wanted]
        assert generations == sorted(generations)


def test_seeking_while_playing_plays_on_from_there() -> None:
    source = PacedSource(NumberedSource())
    with Reader(source) as reader:
        wait_until(lambda: len(reader.wanted) > 3)
        source.seek(1.0)
        wait_until(lambda: reader.indices[-1] > 34)
        assert source.playing


def test_a_seek_past_the_end_shows_the_last_frame(paused: tuple[PacedSource, Reader]) -> None:
    source, reader = paused
    source.seek(1e6)
    settled(reader, FRAMES - 1)


def test_a_loop_comes_round_again_and_again() -> None:
    source = PacedSource(NumberedSource())
    source.set_loop(Span(10 / RATE, 15 / RATE))
    source.seek(10 / RATE)
    with Reader(source) as reader:
        wait_until(lambda: reader.indices.count(10) >= 4)
        assert set(reader.indices) <= {10, 11, 12, 13, 14}
        assert source.generation == reader.wanted[-1][1]
        source.set_loop(None)
        wait_until(lambda: reader.indices[-1] > 15)


def test_the_whole_video_loops() -> None:
    source = PacedSource(NumberedSource(frames=5))
    source.set_loop(WHOLE_VIDEO)
    with Reader(source) as reader:
        wait_until(lambda: reader.indices.count(0) >= 3)
    assert not source.ended


def test_a_loop_shorter_than_a_frame_holds_one_frame() -> None:
    source = PacedSource(NumberedSource())
    source.set_loop(Span(10.2 / RATE, 10.4 / RATE))
    source.seek(10.2 / RATE)
    with Reader(source) as reader:
        wait_until(lambda: len(reader.wanted) >= 5)
    assert set(reader.indices) == {11}


def test_play_at_the_end_starts_anew() -> None:
    source = PacedSource(NumberedSource(frames=5))
    with Reader(source) as reader:
        wait_until(lambda: source.ended)
        source.toggle()
        wait_until(lambda: reader.indices.count(0) == 2)
        wait_until(lambda: source.ended)
        source.step(-1)
        settled(reader, 3)
        assert not source.ended


def test_a_loop_set_at_the_end_starts_over() -> None:
    source = PacedSource(NumberedSource(frames=5))
    with Reader(source) as reader:
        wait_until(lambda: source.ended)
        source.set_loop(WHOLE_VIDEO)
        wait_until(lambda: reader.indices.count(0) == 2)


def test_another_pipeline_reads_on_and_sees_the_last_frame_again() -> None:
    source = PacedSource(NumberedSource(), playing=False)
    with Reader(source) as reader:
        settled(reader, 0)
        source.seek(1.0)
        settled(reader, RATE)
    source.resume()
    with Reader(source) as reader:
        settled(reader, RATE)
        source.step(1)
        settled(reader, RATE + 1)


def test_a_seek_overtakes_the_frame_that_would_come_again() -> None:
    inner = NumberedSource()
    source = PacedSource(inner, playing=False)
    with Reader(source) as reader:
        settled(reader, 0)
    source.resume()
    frame = source.read()
    assert frame is not None
    source.seek(1.0)
    assert source.delivered() is None
    frame = source.read()
    assert frame is not None
    assert frame.index == RATE
    assert source.delivered() == source.generation


def test_a_frame_lost_on_its_way_comes_again() -> None:
    source = PacedSource(NumberedSource(), playing=False)
    frame = source.read()
    assert frame is not None
    assert source.in_flight_s > 0
    source.interrupt()
    assert source.read() is None
    source.resume()
    with Reader(source) as reader:
        settled(reader, frame.index)
    assert source.in_flight_s == 0


def test_a_source_that_cannot_seek_plays_and_steps_forwards() -> None:
    source = PacedSource(Excerpt(NumberedSource(frames=20), 0.0, None), playing=False)
    assert not source.seekable
    with Reader(source) as reader:
        settled(reader, 0)
        source.step(2)
        settled(reader, 2)
        source.step(-1)
        source.seek(0.0)
        settled(reader, 2)
        source.play()
        wait_until(lambda: source.ended)
        assert reader.indices[-1] == 19


def test_closing_closes_the_source() -> None:
    inner = NumberedSource()
    source = PacedSource(inner)
    source.close()
    assert inner.interrupted
    assert source.read() is None
