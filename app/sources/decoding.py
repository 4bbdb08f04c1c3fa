"""Who is to decode a video file."""

from __future__ import annotations

from enum import Enum


class Decoding(Enum):
    """Who is to decode a video file."""

    AUTO = "auto"
    """An NVIDIA GPU if it gives the CPU's very pictures of this file, the CPU otherwise."""
    CPU = "cpu"
    GPU = "gpu"
