"""Decoding on the device: it gives the CPU's very frames."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest

from app.sources.decoding import Decoding
from tests.app.sources.nvdec.same_frames import (
    EXACT_CODINGS,
    assert_same_after_seeking,
    assert_same_frames,
)
from tests.app.sources.videos import CODINGS, X264, Coding, write_video
from tests.locations import DEMO_CLIP

pytestmark = [pytest.mark.gpu, pytest.mark.usefixtures("target", "_video_driver")]

SIZE = (320, 180)
"""NVDEC takes no HEVC below 144 x 144."""
INTERLACED = Coding(".ts", "libx264", options=X264 | {"x264-params": "tff=1:log-level=none"})


@pytest.fixture(scope="module")
def _video_driver() -> None:
    """Containers may be given a GPU without its driver's video part."""
    try:
        ctypes.CDLL("libnvcuvid.so.1")
    except OSError:
        pytest.skip("needs libnvcuvid, which the NVIDIA driver of this machine lacks")


def test_the_demo_clip() -> None:
    assert_same_frames(DEMO_CLIP)


@pytest.mark.parametrize("coding", EXACT_CODINGS.values(), ids=EXACT_CODINGS)
def test_every_frame_and_every_seek(coding: Coding, tmp_path: Path) -> None:
    path = write_video(tmp_path / f"video{coding.suffix}", coding, size=SIZE)
    assert_same_frames(path)
    assert_same_after_seeking(path)


@pytest.mark.parametrize("size", [(1920, 1080), (1012, 1018)])
@pytest.mark.parametrize("name", ["h264-mp4", "hevc-mp4"])
def test_lines_and_rows_that_were_coded_beyond_the_picture_are_left_out(
    name: str, size: tuple[int, int], tmp_path: Path
) -> None:
    assert_same_frames(write_video(tmp_path / "video.mp4", CODINGS[name], 8, size=size))


@pytest.mark.parametrize("clockwise", [90, 180, 270])
def test_rotation_is_applied(clockwise: int, tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "video.mp4", CODINGS["h264-mp4"], 8, size=SIZE, rotation=-clockwise
    )
    assert_same_frames(path)


def test_full_range_stays(tmp_path: Path) -> None:
    path = write_video(
        tmp_path / "video.mp4", CODINGS["h264-mp4"], 8, size=SIZE, tags={"color_range": 2}
    )
    assert_same_frames(path)


def test_interlaced_video_comes_out_the_same_whoever_decodes_it(tmp_path: Path) -> None:
    path = write_video(tmp_path / "video.ts", INTERLACED, size=SIZE)
    assert_same_frames(path, Decoding.AUTO)
