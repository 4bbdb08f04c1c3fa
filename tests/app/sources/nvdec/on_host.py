"""Decoding on a GPU, on the stand-in for NVIDIA's driver: FFmpeg and everything above it are real.

In a process of its own, which ``tests/app/sources/test_gpu_decoding.py`` starts: whatever asks for
a driver here finds the host's.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext

from app.sources.base import SourceError
from app.sources.decoding import Decoding
from app.sources.file import FileSource
from models.picture import PixelFormat
from tests.app.command import ONE_RUNTIME, decoded, masks, rows, run_app, summary
from tests.app.sources.mutation import mutate
from tests.app.sources.nvdec.known_pictures import known_pictures
from tests.app.sources.nvdec.same_frames import (
    EXACT_CODINGS,
    assert_same,
    assert_same_after_seeking,
    assert_same_frames,
    read_all,
)
from tests.app.sources.test_fuzz import play
from tests.app.sources.videos import CODINGS, MP4, TS, WIDTH, Coding, write_video

Known = Callable[..., None]


@pytest.fixture
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Known:
    """Makes the driver know the pictures of these videos, and no others."""

    def know(*videos: Path) -> None:
        pictures = tmp_path / "pictures"
        pictures.write_bytes(b"".join(map(known_pictures, videos)))
        monkeypatch.setenv("HOST_NVDEC_PICTURES", str(pictures))

    return know


@pytest.fixture(params=[1, 4], ids=["one thread", "four threads"])
def _decoding_threads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: 2 * request.param)


@pytest.mark.usefixtures("_decoding_threads")
@pytest.mark.parametrize("coding", EXACT_CODINGS.values(), ids=EXACT_CODINGS)
def test_the_gpu_gives_the_cpus_frames(coding: Coding, tmp_path: Path, known: Known) -> None:
    path = write_video(tmp_path / f"video{coding.suffix}", coding)
    known(path)
    assert_same_frames(path)


@pytest.mark.parametrize("coding", EXACT_CODINGS.values(), ids=EXACT_CODINGS)
def test_seek_gives_the_very_frame(coding: Coding, tmp_path: Path, known: Known) -> None:
    path = write_video(tmp_path / f"video{coding.suffix}", coding)
    known(path)
    assert_same_after_seeking(path)


@pytest.mark.parametrize("size", [(134, 70), (1920, 1080), (1012, 1018)])
def test_lines_and_rows_that_were_coded_beyond_the_picture_are_left_out(
    size: tuple[int, int], tmp_path: Path, known: Known
) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 4, size=size)
    known(path)
    assert_same_frames(path)


@pytest.mark.parametrize("clockwise", [90, 180, 270])
def test_rotation_is_applied(clockwise: int, tmp_path: Path, known: Known) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 4, rotation=-clockwise)
    known(path)
    assert_same_frames(path)


@pytest.mark.parametrize("tags", [{"colorspace": 1}, {"colorspace": 9}, {"color_range": 2}])
def test_matrix_and_range_are_the_files_own(
    tags: dict[str, int], tmp_path: Path, known: Known
) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 4, tags=tags)
    known(path)
    assert_same_frames(path)


def test_the_size_may_change_within_the_file(tmp_path: Path, known: Known) -> None:
    small = write_video(tmp_path / "small.ts", TS, 20)
    large = write_video(tmp_path / "large.ts", TS, 20, size=(192, 96))
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small.read_bytes() + large.read_bytes())
    known(small, large)
    assert_same_frames(joined)
    # Times that jump back leave no way but from the first frame on.
    with FileSource(joined) as cpu, FileSource(joined, Decoding.GPU) as gpu:
        for source in (cpu, gpu):
            source.seek(30 / 30)
        assert_same(gpu.read(), cpu.read())
        assert gpu.info.on_gpu


def test_a_cut_file_plays_to_the_cut_and_says_so(tmp_path: Path, known: Known) -> None:
    path = write_video(tmp_path / "video.mkv", CODINGS["h264-mkv"])
    known(path)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    with FileSource(path) as cpu, FileSource(path, Decoding.GPU) as gpu:
        expected, frames = read_all(cpu), read_all(gpu)
        assert [frame.pts_s for frame in frames] == [frame.pts_s for frame in expected]
        for frame, other in zip(frames[:-2], expected[:-2], strict=True):
            assert_same(frame, other)
        assert gpu.report.truncated
        assert gpu.report.undecodable == cpu.report.undecodable


@pytest.mark.parametrize("name", ["h264-mkv", "h264-ts", "hevc-mp4"])
def test_damage_neither_crashes_nor_hangs(name: str, tmp_path: Path, known: Known) -> None:
    coding = CODINGS[name]
    whole = write_video(tmp_path / f"whole{coding.suffix}", coding, 30)
    known(whole)
    path = tmp_path / f"mutated{coding.suffix}"
    for seed in range(20):
        path.write_bytes(mutate(whole.read_bytes(), seed))
        play(lambda: FileSource(path, Decoding.AUTO))


def test_a_gpu_that_is_lost_ends_the_reading_with_a_sentence(
    tmp_path: Path, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    for suffix, name in ((".mp4", "h264-mp4"), (".mkv", "hevc-mkv")):
        path = write_video(tmp_path / f"video{suffix}", CODINGS[name])
        known(path)
        monkeypatch.setenv("HOST_NVDEC_LOST_AT", "30")
        given = 0
        with FileSource(path) as cpu, FileSource(path, Decoding.GPU) as gpu:
            with pytest.raises(SourceError, match=r"GPU stopped decoding video.*; have the CPU"):
                while (frame := gpu.read()) is not None:
                    assert_same(frame, cpu.read())
                    given += 1
            assert 20 < given < 31
            assert gpu.read() is None


def test_a_gpu_that_fails_from_the_start_leaves_the_file_to_the_cpu(
    tmp_path: Path, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "video.mp4", MP4)
    known(path)
    monkeypatch.setenv("HOST_NVDEC_LOST_AT", "0")
    assert_left_to_the_cpu(path, "the GPU fails")


def test_what_the_gpu_does_not_take_is_left_to_the_cpu(
    tmp_path: Path, known: Known, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 10)
    known(path)
    monkeypatch.setenv("HOST_NVDEC_SUPPORTS", "0")
    assert_left_to_the_cpu(path, r"does not take H\.264 of this kind")


def test_a_gpu_that_gives_other_pictures_is_not_used(tmp_path: Path, known: Known) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 10)
    known()
    assert_left_to_the_cpu(path, "first picture comes out differently")


def test_a_picture_cut_at_its_left_is_left_to_the_cpu(tmp_path: Path, known: Known) -> None:
    """FFmpeg cuts what a GPU decoded on the right and below alone; by less than 64 pixels it cuts
    nothing on the left."""
    whole = write_video(tmp_path / "whole.ts", TS, 10)
    path = tmp_path / "video.ts"
    with av.open(str(whole)) as source, av.open(str(path), "w") as output:
        stream = output.add_stream_from_template(source.streams.video[0])
        cut = BitStreamFilterContext("h264_metadata=crop_left=64", source.streams.video[0])
        for packet in source.demux(video=0):
            for filtered in cut.filter(packet if packet.size else None):
                filtered.stream = stream
                output.mux(filtered)
    known(path)
    with FileSource(path) as on_cpu:
        assert on_cpu.info.width == WIDTH - 64
    assert_left_to_the_cpu(path, "first picture comes out differently")


def assert_left_to_the_cpu(path: Path, reason: str) -> None:
    assert_same_frames(path, Decoding.AUTO)
    with FileSource(path, Decoding.AUTO) as source:
        frame = source.read()
        assert frame is not None
        assert frame.picture.pixel_format is PixelFormat.YUV420P
        assert not source.info.on_gpu
    with pytest.raises(SourceError, match=rf"is not decoded on the GPU: .*{reason}"):
        FileSource(path, Decoding.GPU)


def test_a_replay_writes_the_same_with_either_decoder(tmp_path: Path, known: Known) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 6, size=(256, 144))
    known(path)
    fast = (*ONE_RUNTIME, "--input-size", "96")
    written = []
    for decoder in ("cpu", "gpu"):
        run = run_app("replay", path, "-o", tmp_path / decoder, "--decoder", decoder, *fast)
        assert run.returncode == 0, run.stderr
        folder = tmp_path / decoder / "video"
        assert summary(folder)["input"]["decoded_on_gpu"] == (decoder == "gpu")
        marked = [frame.to_ndarray(format="yuv420p") for frame in decoded(folder / "marked.mp4")]
        assert len(marked) == 6
        written.append((rows(folder), np.stack(marked), np.stack(masks(folder / "masks.mov"))))
    on_cpu, on_gpu = written
    assert on_gpu[0] == on_cpu[0]
    assert all(map(np.array_equal, on_gpu[1:], on_cpu[1:]))
