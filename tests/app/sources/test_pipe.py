"""Raw video on pipes, from writers that are late, slow, cut off or gone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from app.sources.base import SourceError, SourceFormatError, SourceNotFoundError
from app.sources.live import NoSignalError
from models.picture import ColourMatrix, PixelFormat
from tests.waiting import HANG_S

pytest.importorskip("fcntl", reason="Windows has no named pipes")

from app.sources.pipe import PipeSource

SIZE = (16, 8)
SHAPES = {
    PixelFormat.RGB24: (8, 16, 3),
    PixelFormat.BGR24: (8, 16, 3),
    PixelFormat.YUV420P: (12, 16),
    PixelFormat.NV12: (12, 16),
    PixelFormat.YUYV422: (8, 16, 2),
    PixelFormat.UYVY422: (8, 16, 2),
}
PROJECT = Path(__file__).parents[3]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "video"
    os.mkfifo(path)
    return path


def location(path: Path | str, pixel_format: PixelFormat = PixelFormat.NV12) -> str:
    return f"pipe:{path}?format={pixel_format.value}&size={SIZE[0]}x{SIZE[1]}&rate=60"


def frame_bytes(seed: int, pixel_format: PixelFormat = PixelFormat.NV12) -> bytes:
    return np.random.default_rng(seed).bytes(int(np.prod(SHAPES[pixel_format])))


@pytest.fixture
def source(path: Path) -> Iterator[PipeSource]:
    with PipeSource(location(path)) as source:
        yield source


@pytest.mark.parametrize("pixel_format", SHAPES)
def test_frames_come_byte_for_byte(pixel_format: PixelFormat, path: Path) -> None:
    assert set(SHAPES) == set(PixelFormat)
    with PipeSource(location(path, pixel_format)) as source, path.open("wb") as writer:
        info = source.info
        assert (info.width, info.height, info.rate, info.live) == (*SIZE, Fraction(60), True)
        for number in range(5):
            written = frame_bytes(number, pixel_format)
            writer.write(written)
            writer.flush()
            frame = source.read()
            assert frame is not None
            assert frame.index == number
            assert frame.picture.pixel_format is pixel_format
            assert frame.picture.pixels.shape == SHAPES[pixel_format]
            assert frame.picture.pixels.tobytes() == written
            assert frame.picture.matrix is ColourMatrix.BT601
            assert not frame.picture.pixels.flags.writeable


def test_a_frame_in_pieces_is_put_together(path: Path, source: PipeSource) -> None:
    whole = b"".join(frame_bytes(number) for number in range(20))

    def write() -> None:
        with path.open("wb", buffering=0) as writer:
            for at in range(0, len(whole), 37):
                writer.write(whole[at : at + 37])
                time.sleep(0.001)

    writing = threading.Thread(target=write)
    writing.start()
    given = b"".join(
        frame.picture.pixels.tobytes() for _ in range(20) if (frame := source.read()) is not None
    )
    writing.join()
    assert given == whole


def test_half_a_frame_at_the_end_is_left_out_and_counted(path: Path, source: PipeSource) -> None:
    with path.open("wb") as writer:
        writer.write(frame_bytes(0) + frame_bytes(1)[:50])
    assert source.read() is not None
    with pytest.raises(NoSignalError, match="start the writer again"):
        source.read()
    assert source.report.undecodable == 1


def test_the_next_writer_begins_with_a_whole_frame(path: Path, source: PipeSource) -> None:
    with path.open("wb") as writer:
        writer.write(frame_bytes(0)[:50])
    with pytest.raises(NoSignalError):
        source.read()
    source.close()
    with PipeSource(location(path)) as again, path.open("wb") as writer:
        writer.write(frame_bytes(7))
        writer.flush()
        frame = again.read()
        assert frame is not None
        assert frame.picture.pixels.tobytes() == frame_bytes(7)
        assert again.report.undecodable == 0


@pytest.mark.parametrize("written", [b"", frame_bytes(0)[:50]])
def test_interrupt_ends_a_waiting_read(written: bytes, path: Path, source: PipeSource) -> None:
    ended = threading.Event()

    def read() -> None:
        assert source.read() is None
        ended.set()

    reader = threading.Thread(target=read)
    with path.open("wb") as writer:
        writer.write(written)
        writer.flush()
        reader.start()
        time.sleep(0.3)
        assert not ended.is_set()
        source.interrupt()
        assert ended.wait(HANG_S)
        reader.join()
        assert source.read() is None


def test_it_waits_for_a_writer(source: PipeSource, path: Path) -> None:
    def write_late() -> None:
        time.sleep(0.5)
        path.write_bytes(frame_bytes(3))

    writing = threading.Thread(target=write_late)
    writing.start()
    frame = source.read()
    writing.join(HANG_S)
    assert frame is not None
    assert frame.picture.pixels.tobytes() == frame_bytes(3)


def test_standard_input() -> None:
    program = (
        "from app.sources.pipe import PipeSource\n"
        f"source = PipeSource({location('-')!r})\n"
        "frames = [source.read() for _ in range(3)]\n"
        "print(b''.join(frame.picture.pixels.tobytes() for frame in frames).hex())\n"
        "try:\n    source.read()\nexcept Exception as error:\n    print(error)\n"
    )
    written = b"".join(frame_bytes(number) for number in range(3))
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=written,
        capture_output=True,
        cwd=PROJECT,
        timeout=HANG_S,
        check=True,
    )
    pixels, sentence = done.stdout.decode().splitlines()
    assert bytes.fromhex(pixels) == written
    assert sentence == "Standard input has ended; start the writer and this program again."


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?format=nv12&size=16x8",
        "?size=16x8&rate=60",
        "?format=nv12&size=16&rate=60",
        "?format=nv12&size=16x8&rate=60&more=1",
        "?format=h264&size=16x8&rate=60",
        "?format=nv12&size=15x8&rate=60",
        "?format=nv12&size=0x8&rate=60",
        "?format=nv12&size=16x8&rate=0",
        "?format=nv12&size=16x8&rate=1/0",
        "?format=nv12&size=16x8&rate=1e99999999",
        "?format=nv12&size=99998x99998&rate=60",
    ],
)
def test_a_malformed_location_is_told_the_right_form(query: str, path: Path) -> None:
    with pytest.raises(SourceError, match=r"pipe:PATH\?format=nv12&size=1920x1080&rate=60"):
        PipeSource(f"pipe:{path}{query}")


def test_what_is_not_there_or_no_pipe_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="mkfifo"):
        PipeSource(location(tmp_path / "none"))
    (tmp_path / "file").write_bytes(frame_bytes(0))
    with pytest.raises(SourceFormatError, match="is not a pipe"):
        PipeSource(location(tmp_path / "file"))


def test_reading_after_close_says_so(source: PipeSource) -> None:
    source.close()
    source.close()
    with pytest.raises(SourceError, match="closed"):
        source.read()
