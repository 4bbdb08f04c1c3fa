"""Mutated files: no crash, no hang, a typed error or frames; whatever the damage."""

from __future__ import annotations

import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.sources.base import SeekableSource, SourceError
from app.sources.file import FileSource
from app.sources.images import ImageSource
from tests.app.sources.mutation import mutate
from tests.app.sources.pictures import FORMATS, write_image
from tests.app.sources.videos import CODINGS, write_video
from tests.locations import ROOT

HANG_S = 10.0
"""Nothing may take longer; these files take milliseconds."""

FRAMES = 30


def play(open_source: Callable[[], SeekableSource]) -> None:
    """Opens, reads to the end, seeks and reads on; what breaks the contract fails the test."""
    started_s = time.monotonic()
    try:
        with open_source() as source:
            last_s = -1.0
            index = 0
            while (frame := source.read()) is not None:
                assert frame.index == index
                assert frame.pts_s > last_s
                assert frame.picture.pixels.size
                last_s, index = frame.pts_s, index + 1
            for pts_s in (last_s / 2, 0.0):
                source.seek(pts_s)
                sought = source.read()
                assert sought is None or sought.pts_s >= pts_s
            for message in source.report.messages:
                assert_sentence(message)
    except SourceError as error:
        assert_sentence(str(error))
    assert time.monotonic() - started_s < HANG_S


def assert_sentence(words: str) -> None:
    assert words.endswith(".")
    assert "\n" not in words


def play_mutated_videos(folder: Path, name: str, seeds: range) -> None:
    coding = CODINGS[name]
    content = write_video(folder / f"whole{coding.suffix}", coding, FRAMES).read_bytes()
    path = folder / f"mutated{coding.suffix}"
    for seed in seeds:
        path.write_bytes(mutate(content, seed))
        print(name, seed, flush=True)  # noqa: T201 - the last line tells which one crashed
        play(lambda: FileSource(path))


@pytest.mark.parametrize("name", CODINGS)
def test_mutated_videos(name: str, tmp_path: Path) -> None:
    play_mutated_videos(tmp_path, name, range(40))


@pytest.mark.parametrize("suffix", FORMATS)
def test_mutated_images(suffix: str, tmp_path: Path) -> None:
    content = write_image(tmp_path / f"whole{suffix}").read_bytes()
    path = tmp_path / f"mutated{suffix}"
    for seed in range(60):
        path.write_bytes(mutate(content, seed))
        play(lambda: ImageSource(path))


@pytest.mark.slow
@pytest.mark.parametrize("name", CODINGS)
def test_many_mutated_videos_in_a_process_of_their_own(name: str, tmp_path: Path) -> None:
    """A crash inside a C library ends that process, not this one."""
    script = f"""
        from pathlib import Path
        from tests.app.sources.test_fuzz import play_mutated_videos
        play_mutated_videos(Path({str(tmp_path)!r}), {name!r}, range(1000, 1700))
    """
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert run.returncode == 0, f"after {run.stdout.splitlines()[-1:]}: {run.stderr[-2000:]}"
