"""Reading from a source, whichever it is."""

from __future__ import annotations

from app.frame import Frame
from app.sources.base import VideoSource


def read_all(source: VideoSource) -> list[Frame]:
    """To its end."""
    return list(iter(source.read, None))


def frames_of(source: VideoSource, count: int) -> list[Frame]:
    """The next ``count`` frames; it must not end before."""
    frames = []
    for _ in range(count):
        frame = source.read()
        assert frame is not None
        frames.append(frame)
    return frames
