"""One video stream in a file that survives a crash."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
from av.error import FFmpegError
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream

from app.sinks.base import writing
from app.sinks.fragments import keep_whole_fragments

_GROUP_OF_PICTURES = 30
_CRASH_SAFE = {
    "movflags": "hybrid_fragmented",
    "frag_duration": "250000",
    "flush_packets": "1",
}
"""Fragments of a quarter of a second, each on disk when complete: after a power cut the file plays
up to the last one. A regular close turns the whole into an ordinary file."""

_FINEST_TICK = Fraction(1, 1_000_000)
"""In seconds. MP4 counts a frame's duration in 32 bits: 4295 s at most with these."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How a stream is stored; all names are FFmpeg's."""

    container: str
    codec: str
    pixel_format: str
    options: dict[str, str]


@dataclass(frozen=True, slots=True)
class StreamShape:
    """What is constant over a stream."""

    width: int
    height: int
    rate: Fraction
    """Mean frames per second."""
    time_base: Fraction
    """Seconds per tick; every frame's time is a whole number of ticks. One below a microsecond is
    rounded to it."""
    colorspace: Colorspace | None = None
    color_range: ColorRange | None = None


class VideoFile:
    """Frames in, one file out; used by one thread.

    The file is made by the constructor and is complete after ``close``.

    Raises:
        SinkError: ``path`` cannot be made.
    """

    def __init__(self, path: Path, encoding: Encoding, shape: StreamShape) -> None:
        self._path = path
        self._time_base = max(shape.time_base, _FINEST_TICK)
        self._first_ticks: int | None = None
        self._last_ticks = -1
        with writing(path):
            self._container = av.open(
                str(path), "w", format=encoding.container, options=_CRASH_SAFE
            )
        self._stream = cast(
            VideoStream, self._container.add_stream(encoding.codec, rate=shape.rate)
        )
        self._stream.width = shape.width
        self._stream.height = shape.height
        self._stream.pix_fmt = encoding.pixel_format
        self._stream.time_base = self._time_base
        context = self._stream.codec_context
        context.time_base = self._time_base
        context.options = encoding.options
        context.gop_size = _GROUP_OF_PICTURES
        context.thread_count = 1
        if shape.colorspace is not None:
            context.colorspace = shape.colorspace
        if shape.color_range is not None:
            context.color_range = shape.color_range

    def write(self, frame: av.VideoFrame, time_s: float) -> None:
        """Appends ``frame``, shown at ``time_s``; the first frame's time becomes 0.

        Raises:
            SinkError: it cannot be written; a ``DiskFullError`` where there is no room left.
        """
        ticks = round(time_s / self._time_base)
        if self._first_ticks is None:
            self._first_ticks = ticks
        # A damaged source may give two frames the same time, which no container can hold.
        self._last_ticks = max(ticks - self._first_ticks, self._last_ticks + 1)
        frame.pts = self._last_ticks
        frame.time_base = self._time_base
        with writing(self._path):
            self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Completes the file. Afterwards it is closed, whatever is raised.

        Raises:
            SinkError: the end could not be written; what was written before stays playable.
        """
        with writing(self._path):
            try:
                try:
                    self._container.mux(self._stream.encode(None))
                finally:
                    self._container.close()
            except (OSError, FFmpegError):
                keep_whole_fragments(self._path)
                raise
