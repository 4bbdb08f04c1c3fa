"""Small videos for tests, whose every frame carries its own number as black and white blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
import numpy as np
from numpy.typing import NDArray

from models.picture import Picture

WIDTH, HEIGHT = 128, 64
_BLOCK = 16
_BITS = 8


class Coding(NamedTuple):
    """A container, by its suffix, and how the video in it is coded."""

    suffix: str
    codec: str
    pixel_format: str = "yuv420p"
    options: Mapping[str, str] = {}


X264 = {"g": "60", "bf": "3", "preset": "ultrafast", "x264-params": "b-adapt=0:log-level=none"}
X265 = {"preset": "ultrafast", "x265-params": "keyint=60:bframes=3:log-level=none:pools=none"}
MP4 = Coding(".mp4", "libx264", options=X264)
TS = Coding(".ts", "libx264", options=X264)
CODINGS = {
    "h264-mp4": MP4,
    "h264-mkv": Coding(".mkv", "libx264", options=X264),
    "h264-mov": Coding(".mov", "libx264", options=X264),
    "h264-avi": Coding(".avi", "libx264", options=X264),
    "h264-ts": TS,
    "hevc-mp4": Coding(".mp4", "libx265", options=X265),
    "hevc-mkv": Coding(".mkv", "libx265", options=X265),
    "hevc-ts": Coding(".ts", "libx265", options=X265),
    "mpeg2-ts": Coding(".ts", "mpeg2video", options={"g": "15", "bf": "2", "b": "4M"}),
    "mpeg2-avi": Coding(".avi", "mpeg2video", options={"g": "15", "bf": "2", "b": "4M"}),
    "mpeg2-mpg": Coding(".mpg", "mpeg2video", options={"g": "15", "bf": "2", "b": "4M"}),
    "mjpeg-avi": Coding(".avi", "mjpeg", "yuvj420p"),
    "mjpeg-mov": Coding(".mov", "mjpeg", "yuvj420p"),
    "ffv1-mkv": Coding(".mkv", "ffv1"),
    "ffv1-avi": Coding(".avi", "ffv1"),
}


def numbered_picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> NDArray[np.uint8]:
    """(height, width, 3) RGB: ``number`` in the top row, and a bar that moves below it."""
    pixels = np.full((height, width, 3), 60, np.uint8)
    for bit in range(_BITS):
        level = 235 if number >> bit & 1 else 16
        pixels[:_BLOCK, bit * _BLOCK : (bit + 1) * _BLOCK] = level
    left = number * 3 % (width - 8)
    pixels[_BLOCK + 4 :, left : left + 8] = (200, 80, 60)
    return pixels


def number_in(picture: Picture) -> int:
    """The number that ``numbered_picture`` put there."""
    grey = picture.planes()[0]  # luma, or red: black and white are the same in both
    centres = grey[_BLOCK // 2, _BLOCK // 2 : _BITS * _BLOCK : _BLOCK]
    return int(sum(1 << bit for bit, level in enumerate(centres) if level > 125))


def write_video(
    path: Path,
    coding: Coding,
    frames: int = 70,
    *,
    size: tuple[int, int] = (WIDTH, HEIGHT),
    rate: int = 30,
    times_ms: Sequence[int] | None = None,
    rotation: int | None = None,
    container_options: Mapping[str, str] | None = None,
    tags: Mapping[str, int] | None = None,
) -> Path:
    """Writes frames numbered from 0.

    Args:
        times_ms: presentation time of each frame; at ``rate`` without it.
        rotation: degrees counter-clockwise for the display matrix.
        tags: colour attributes of the codec, such as ``colorspace``.
    """
    with av.open(str(path), "w", options=dict(container_options or {})) as container:
        stream = container.add_stream(coding.codec, rate=rate, options=dict(coding.options))
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = size
        stream.pix_fmt = coding.pixel_format
        stream.codec_context.thread_count = 1
        if times_ms is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for name, value in (tags or {}).items():
            setattr(stream.codec_context, name, value)
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(numbered_picture(number, *size), "rgb24")
            frame = picture.reformat(format=coding.pixel_format)
            frame.pts = number if times_ms is None else times_ms[number]
            frame.time_base = Fraction(1, rate if times_ms is None else 1000)
            for name, value in (tags or {}).items():
                if name in ("colorspace", "color_range"):
                    setattr(frame, name, value)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
