"""Decoding on a GPU: on the stand-in for NVIDIA's driver, and where there is none."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from app.sources.base import SourceError
from app.sources.decoding import Decoding
from app.sources.file import FileSource
from app.sources.opening import open_source
from tests.app.command import run_app
from tests.app.sources.videos import CODINGS, MP4, X265, Coding, write_video
from tests.models.cuda.host_kernels import build
from tests.models.cuda.on_driver import DRIVER, DRIVER_OPTIONS, assert_passes_on_driver

HERE = Path(__file__).parent / "nvdec"
NO_GPU = pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there is a GPU")


def test_on_a_driver_whose_device_is_the_host(tmp_path: Path) -> None:
    driver = tmp_path / DRIVER
    build(str(HERE / "host_nvdec.cpp"), driver, *DRIVER_OPTIONS)
    # One library by two names, so that both halves of the driver know of each other.
    (tmp_path / "libnvcuvid.so.1").symlink_to(driver)
    assert_passes_on_driver(HERE / "on_host.py", tmp_path)


@pytest.mark.parametrize(
    ("coding", "reason"),
    [
        (CODINGS["mpeg2-ts"], "it is mpeg2video, and none of H.264, HEVC, VP8, VP9"),
        (CODINGS["mjpeg-avi"], "it is mjpeg, and none of H.264, HEVC, VP8, VP9"),
        (Coding(".mp4", "libx265", "yuv444p", X265), "its pictures are yuv444p of 128x64"),
        (Coding(".mp4", "libx265", "yuv420p10le", X265), "its pictures are yuv420p10le of 128x64"),
    ],
)
def test_what_no_gpu_decodes_exactly_is_left_to_the_cpu(
    coding: Coding, reason: str, tmp_path: Path
) -> None:
    path = write_video(tmp_path / f"video{coding.suffix}", coding, 20)
    with pytest.raises(SourceError, match=rf"is not decoded on the GPU: {reason}.*\(--decoder cpu"):
        open_source(path, Decoding.GPU)
    with open_source(path, Decoding.AUTO) as source:
        assert not source.info.on_gpu
        assert source.read() is not None


@NO_GPU
def test_without_a_gpu_the_cpu_decodes_and_the_log_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 3)
    with caplog.at_level(logging.INFO), FileSource(path, Decoding.AUTO) as source:
        assert not source.info.on_gpu
    assert [record.getMessage() for record in caplog.records if "decoded" in record.msg] == [
        "video.mp4 is decoded on the CPU: no NVIDIA GPU with its driver was found."
    ]


@NO_GPU
def test_a_replay_that_needs_the_gpu_says_in_one_sentence_that_there_is_none(
    tmp_path: Path,
) -> None:
    path = write_video(tmp_path / "video.mp4", MP4, 3)
    run = run_app("replay", path, "-o", tmp_path / "out", "--decoder", "gpu")
    assert run.returncode == 1
    assert run.stderr == (
        "video.mp4 is not decoded on the GPU: no NVIDIA GPU with its driver was found; "
        "have the CPU decode it (--decoder cpu).\n"
    )
    assert not (tmp_path / "out").exists()
