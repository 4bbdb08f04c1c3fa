"""Walking over frames: exact in both directions, whatever the source knows of its times."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from app.player.frame_cursor import FrameCursor
from app.sources.file import FileSource
from app.sources.images import ImageSource
from tests.app.player.watching import FRAMES, RATE, NumberedSource
from tests.app.sources.pictures import write_image
from tests.app.sources.videos import CODINGS, number_in, numbered_picture, write_video


def taken(cursor: FrameCursor) -> int:
    """Moves on, and gives the index of the frame; the number in its picture must agree."""
    frame = cursor.peek(0)
    assert frame is not None
    assert cursor.take() is frame
    assert number_in(frame.picture) == frame.index
    return frame.index


def uneven_times() -> list[float]:
    rng = random.Random(3)
    times_s, time_s = [], 0.0
    for _ in range(FRAMES):
        times_s.append(time_s)
        time_s += rng.choice([0.01, 1 / RATE, 0.5, 2.0])
    return times_s


Maker = Callable[[Path], FrameCursor]


def _video(kind: str) -> Maker:
    def make(folder: Path) -> FrameCursor:
        coding = CODINGS[kind]
        return FrameCursor(FileSource(write_video(folder / f"v{coding.suffix}", coding, FRAMES)))

    return make


def _images(folder: Path) -> FrameCursor:
    for number in range(FRAMES):
        write_image(folder / f"{number}.png", numbered_picture(number))
    return FrameCursor(ImageSource(folder))


MAKERS: dict[str, Maker] = {
    "h264-mp4": _video("h264-mp4"),
    "h264-avi": _video("h264-avi"),  # its times are unknown
    "mjpeg-avi": _video("mjpeg-avi"),
    "images": _images,
    "times unknown": lambda _: FrameCursor(NumberedSource(times_known=False)),
    "uneven": lambda _: FrameCursor(NumberedSource(times_s=uneven_times())),
    "uneven, unknown": lambda _: FrameCursor(
        NumberedSource(times_s=uneven_times(), times_known=False)
    ),
}


@pytest.fixture(params=MAKERS)
def cursor(request: pytest.FixtureRequest, tmp_path: Path) -> FrameCursor:
    return MAKERS[request.param](tmp_path)


def test_it_walks_forwards_to_the_end(cursor: FrameCursor) -> None:
    assert [taken(cursor) for _ in range(FRAMES)] == list(range(FRAMES))
    assert cursor.peek(0) is None


def test_random_steps_land_exactly(cursor: FrameCursor) -> None:
    rng = random.Random(1)
    at = taken(cursor)
    for _ in range(12):
        frames = rng.choice([-1, -1, 1, 1, -7, 7, -200, 200])
        cursor.step(frames)
        at = min(max(at + frames, 0), FRAMES - 1)
        assert taken(cursor) == at


def test_a_step_after_dropped_frames_shows_the_very_next(cursor: FrameCursor) -> None:
    taken(cursor)
    cursor.peek(3)
    for _ in range(3):
        cursor.drop()
    cursor.step(1)
    assert taken(cursor) == 1
    assert taken(cursor) == 2


def test_beyond_the_end_is_the_last_frame(cursor: FrameCursor) -> None:
    cursor.seek(1e6)
    assert taken(cursor) == FRAMES - 1
    cursor.step(1)
    assert taken(cursor) == FRAMES - 1
    cursor.step(-1)
    assert taken(cursor) == FRAMES - 2


def test_the_same_frame_comes_again_and_the_walk_goes_on(cursor: FrameCursor) -> None:
    assert [taken(cursor), taken(cursor)] == [0, 1]
    cursor.again()
    assert [taken(cursor), taken(cursor)] == [1, 2]
    cursor.peek(1)
    cursor.drop()
    cursor.again()
    assert taken(cursor) == 2
    cursor.step(1)
    assert taken(cursor) == 3


def test_a_step_counts_from_the_frame_that_was_to_come_again(cursor: FrameCursor) -> None:
    assert [taken(cursor), taken(cursor)] == [0, 1]
    cursor.again()
    cursor.again()
    cursor.step(1)
    assert [taken(cursor), taken(cursor)] == [2, 3]
    cursor.again()
    cursor.step(-1)
    assert taken(cursor) == 2


def test_it_returns_to_a_frame_taken_earlier(cursor: FrameCursor) -> None:
    taken(cursor)
    earlier = cursor.take() if cursor.peek(0) else None
    assert earlier is not None
    assert [taken(cursor), taken(cursor)] == [2, 3]
    cursor.return_to(earlier)
    cursor.step(1)
    assert [taken(cursor), taken(cursor)] == [2, 3]


def test_damaged_frames_are_stepped_over_backwards() -> None:
    cursor = FrameCursor(NumberedSource(damaged=frozenset({4, 5, 89})))
    cursor.seek(6 / RATE)
    assert taken(cursor) == 6
    cursor.step(-1)
    assert taken(cursor) == 3
    cursor.seek(1e6)
    assert taken(cursor) == 88
