"""The times of all frames of a video file, read from its packets without decoding them."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from app.sources.container import open_container, packets_of

_DECODED_FOR_PROOF = 8
_PACKETS_PER_REPORT = 500


@dataclass(frozen=True, slots=True)
class Keyframe:
    """A packet that decoding can start from; both stamps as the file has them."""

    pts: int
    dts: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """``pts`` (N,) int64: stamps of all frames in presentation order, from the first one given.

    ``keyframes`` have rising ``pts``.
    """

    pts: NDArray[np.int64]
    keyframes: tuple[Keyframe, ...]


def read_timeline(
    path: Path,
    origin: int,
    interrupted: Callable[[], bool],
    on_progress: Callable[[float], None],
) -> Timeline | None:
    """Reads through all packets of ``path``; ``origin`` is the stamp of the first frame given.

    ``on_progress`` is told now and then which share of the file, in [0, 1], is read.

    None when interrupted, and for a file whose packets do not tell the frames' times: stamps are
    missing, doubled, or jump back, or the first frames decode to other ones, as with a field in
    each packet; AVI holds no presentation times, so there frames must come in decoding order.

    Raises:
        SourceError: the file cannot be opened any more.
    """
    container, stream = open_container(path)
    size = max(1, path.stat().st_size)
    with container:
        if container.format.name == "avi" and stream.codec_context.has_b_frames:
            return None
        stamps = array("q")
        keyframes: list[Keyframe] = []
        floor = None  # no frame comes before the keyframe that precedes its own one
        decoded: list[int | None] = []
        try:
            for packet in packets_of(container, stream):
                if interrupted():
                    return None
                if len(stamps) % _PACKETS_PER_REPORT == 0 and packet.pos is not None:
                    on_progress(min(packet.pos / size, 1.0))
                if len(decoded) < _DECODED_FOR_PROOF:
                    decoded.extend(frame.pts for frame in packet.decode())
                if packet.size == 0 or packet.is_discard:
                    continue
                if packet.pts is None or (floor is not None and packet.pts <= floor):
                    return None
                if packet.is_keyframe:
                    floor = keyframes[-1].pts if keyframes else None
                    if keyframes and packet.pts <= keyframes[-1].pts:
                        return None
                    keyframes.append(Keyframe(packet.pts, packet.dts))
                stamps.append(packet.pts)
        except av.FFmpegError:
            return None
    if not keyframes:
        return None
    pts = np.unique(np.frombuffer(stamps, np.int64))
    doubled = len(pts) < len(stamps)
    pts = pts[pts >= origin]
    proof = decoded[:_DECODED_FOR_PROOF]
    if doubled or proof != pts[: len(proof)].tolist():
        return None
    pts.setflags(write=False)
    return Timeline(pts, tuple(keyframes))
