"""Holds what a GPU decodes against what the CPU decodes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from app.frame import Frame
from app.sources.decoding import Decoding
from app.sources.file import FileSource
from models.picture import PixelFormat
from tests.app.sources.videos import CODINGS, Coding

_LIBVPX = {"auto-alt-ref": "0", "deadline": "realtime", "cpu-used": "8", "g": "30"}
EXACT_CODINGS = {
    name: CODINGS[name]
    for name in ("h264-mp4", "h264-mkv", "h264-avi", "h264-ts", "hevc-mp4", "hevc-mkv", "hevc-ts")
} | {
    "vp8-webm": Coding(".webm", "libvpx", options=_LIBVPX),
    "vp9-webm": Coding(".webm", "libvpx-vp9", options=_LIBVPX),
}
"""Which a GPU decodes to the very samples of the CPU; H.264 and HEVC with frames out of order."""


def read_all(source: FileSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def assert_same(on_gpu: Frame | None, on_cpu: Frame | None) -> None:
    """Index, time, and every sample."""
    assert on_gpu is not None
    assert on_cpu is not None
    assert (on_gpu.index, on_gpu.pts_s) == (on_cpu.index, on_cpu.pts_s)
    one, other = on_gpu.picture, on_cpu.picture
    assert (one.matrix, one.full_range) == (other.matrix, other.full_range)
    for mine, theirs in zip(one.planes(), other.planes(), strict=True):
        assert np.array_equal(mine, theirs)


def assert_same_frames(path: Path, decoding: Decoding = Decoding.GPU) -> None:
    """All of ``path``, and what the source says of it."""
    with FileSource(path) as cpu, FileSource(path, decoding) as gpu:
        assert replace(gpu.info, on_gpu=False) == cpu.info
        expected = read_all(cpu)
        assert expected
        for frame in expected:
            assert_same(gpu.read(), frame)
        assert gpu.read() is None
        assert gpu.report == cpu.report


def assert_same_after_seeking(path: Path) -> None:
    """To and fro, across keyframes, and past the end."""
    with FileSource(path) as cpu, FileSource(path, Decoding.GPU) as gpu:
        times_s = [frame.pts_s for frame in read_all(cpu)]
        last = len(times_s) - 1
        for number in (0, last, 1, last // 2, last // 2 + 1, last // 3):
            cpu.seek(times_s[number])
            gpu.seek(times_s[number])
            for _ in range(min(3, len(times_s) - number)):
                frame = gpu.read()
                assert_same(frame, cpu.read())
                assert frame is not None
                assert frame.picture.pixel_format is PixelFormat.NV12
        gpu.seek(times_s[-1] + 1.0)
        assert gpu.read() is None
