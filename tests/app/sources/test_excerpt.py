"""A part of a source: the right frames, with the index and time that they have in the whole."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from app.sources.excerpt import Excerpt
from app.sources.file import FileSource
from app.sources.phantom import PhantomSource
from tests.app.sources.videos import MP4, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "clip.mp4", MP4, 60)


@pytest.mark.parametrize(
    ("start_s", "end_s", "expected"),
    [
        (0.0, None, range(60)),
        (0.0, 0.5, range(15)),
        (0.5, None, range(15, 60)),
        (0.51, 1.0, range(16, 30)),
        (1.9, 99.0, range(57, 60)),
        (2.0, None, range(0)),
    ],
)
def test_it_gives_the_frames_between_start_and_end(
    clip: Path, start_s: float, end_s: float | None, expected: range
) -> None:
    with FileSource(clip) as whole:
        every = []
        while (frame := whole.read()) is not None:
            every.append((frame.index, frame.pts_s))
    with Excerpt(FileSource(clip), start_s, end_s) as excerpt:
        given = []
        while (frame := excerpt.read()) is not None:
            given.append((frame.index, frame.pts_s))
        assert excerpt.read() is None
        assert given == [every[index] for index in expected]
        count = excerpt.info.frame_count
        assert count is not None
        assert abs(count - len(expected)) <= 1


def test_the_whole_is_read_without_seeking(clip: Path) -> None:
    source = FileSource(clip)
    with Excerpt(source, 0.0, None) as excerpt:
        assert excerpt.read() is not None
        assert excerpt.info == source.info
        assert source.frame_times_s is None


def test_what_cannot_be_sought_is_read_over() -> None:
    with Excerpt(PhantomSource(64, 48, Fraction(10), 1.0), 0.35, 0.55) as excerpt:
        indices = []
        while (frame := excerpt.read()) is not None:
            indices.append(frame.index)
    assert indices == [4, 5]


def test_an_interruption_ends_it(clip: Path) -> None:
    with Excerpt(FileSource(clip), 0.5, 1.5) as excerpt:
        assert excerpt.read() is not None
        excerpt.interrupt()
        assert excerpt.read() is None
