"""What the stand-in for NVIDIA's driver knows of one video: its pictures by their coded bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.bitstream import BitStreamFilterContext
from numpy.typing import NDArray

from app.sources.container import open_container, packets_of

_FNV_OFFSET, _FNV_PRIME = 0xCBF29CE484222325, 0x100000001B3
_START_CODE = b"\0\0\1"


def known_pictures(video: Path) -> bytes:
    """What ``host_nvdec.cpp`` reads, of ``video`` as the CPU decodes it.

    H.264, HEVC, or VP8 and VP9 in which every coded picture is shown.
    """
    with av.open(str(video)) as container:
        samples = {frame.pts: _packed_nv12(frame) for frame in container.decode(video=0)}
    content = bytearray()
    for pts, coded in _coded_pictures(video):
        rows, width = samples[pts].shape
        content += struct.pack("<QII", _fnv1a(coded), width, rows * 2 // 3)
        content += samples[pts].tobytes()
    return bytes(content)


def _coded_pictures(video: Path) -> Iterator[tuple[int | None, bytes]]:
    """Time stamp, and the coded bytes as a driver gets them."""
    container, stream = open_container(video)
    with container:
        codec = stream.codec_context.name
        if codec in ("vp8", "vp9"):
            for packet in packets_of(container, stream):
                if packet.size:
                    yield packet.pts, bytes(packet)
            return
        annex_b = BitStreamFilterContext(f"{codec}_mp4toannexb", stream)
        for packet in packets_of(container, stream):
            for filtered in annex_b.filter(packet if packet.size else None):
                yield filtered.pts, _slices(codec, bytes(filtered))


def _slices(codec: str, annex_b: bytes) -> bytes:
    """Those of one picture, each behind a start code: ITU-T H.264 table 7-1, H.265 table 7-1."""
    slices = []
    for unit in re.split(_START_CODE, annex_b)[1:]:
        is_slice = unit[0] & 31 in (1, 5) if codec == "h264" else unit[0] >> 1 & 63 < 32
        if is_slice:
            slices.append(_START_CODE + unit.rstrip(b"\0"))
    return b"".join(slices)


def _packed_nv12(frame: av.VideoFrame) -> NDArray[np.uint8]:
    """(H * 3 / 2, W)."""
    planar = frame.to_ndarray(format="yuv420p").astype(np.uint8)
    luma, chroma = np.split(planar, [frame.height])
    return np.concatenate((luma, chroma.reshape(2, -1).T.reshape(-1, frame.width)))


def _fnv1a(content: bytes) -> int:
    value = _FNV_OFFSET
    for byte in content:
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFFFFFFFFFF
    return value
