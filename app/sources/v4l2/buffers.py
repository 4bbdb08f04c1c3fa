"""The ring of buffers that a driver fills and the application empties."""

from __future__ import annotations

import ctypes
import mmap
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from linuxpy.video import raw

from app.sources.v4l2.formats import PictureReader
from app.sources.v4l2.node import CAPTURE, Node
from models.picture import Picture

_BUFFERS = 4
"""One that is being filled, one that is being read, and two for what a busy computer is late."""
_MMAP = int(raw.Memory.MMAP)


@dataclass(frozen=True, slots=True)
class Captured:
    """One buffer that a driver had filled."""

    picture: Picture | None
    """None where the frame is damaged or not whole."""
    sequence: int
    """Counts the frames that the device made, in 32 bits."""
    stamp_ns: int | None
    """When it was captured, by ``time.monotonic_ns``; None where the driver has another clock."""


class Buffers:
    """Maps the driver's memory and starts the stream.

    Raises:
        OSError: the driver refuses; nothing is left behind.
        ValueError: it has less memory than it says; likewise.
    """

    def __init__(self, node: Node) -> None:
        self._node = node
        self._maps: list[mmap.mmap] = []
        try:
            request = raw.v4l2_requestbuffers(count=_BUFFERS, type=CAPTURE, memory=_MMAP)
            for index in range(node.call(raw.IOC.REQBUFS, request).count):
                buffer = node.call(raw.IOC.QUERYBUF, _buffer(index))
                self._maps.append(mmap.mmap(node.fd, buffer.length, offset=buffer.m.offset))
                node.call(raw.IOC.QBUF, _buffer(index))
            node.call(raw.IOC.STREAMON, ctypes.c_int(CAPTURE))
        except BaseException:
            self.close()
            raise

    def take(self, reader: PictureReader) -> Captured:
        """What the oldest full buffer holds, which then is the driver's again.

        Raises:
            BlockingIOError: no buffer is full.
            OSError: the device is gone.
        """
        buffer = self._node.call(raw.IOC.DQBUF, _buffer(0))
        flags = buffer.flags
        try:
            picture = None
            if not flags & raw.BufferFlag.ERROR:
                # No name for the view: in the traceback of an error it would keep the memory.
                picture = reader.picture(
                    np.frombuffer(self._maps[buffer.index], np.uint8, buffer.bytesused)
                )
        finally:
            self._node.call(raw.IOC.QBUF, _buffer(buffer.index))
        is_monotonic = flags & raw.BufferFlag.TIMESTAMP_MASK == raw.BufferFlag.TIMESTAMP_MONOTONIC
        stamp_ns = buffer.timestamp.secs * 1_000_000_000 + buffer.timestamp.usecs * 1_000
        return Captured(picture, buffer.sequence, stamp_ns if is_monotonic else None)

    def close(self) -> None:
        """Ends the stream and gives the memory back; a device that is gone needs neither."""
        with suppress(OSError):
            self._node.call(raw.IOC.STREAMOFF, ctypes.c_int(CAPTURE))
        for mapped in self._maps:
            # A reader that ran out of memory may still be looking, from its traceback.
            with suppress(BufferError):
                mapped.close()
        self._maps.clear()
        with suppress(OSError):
            request = raw.v4l2_requestbuffers(count=0, type=CAPTURE, memory=_MMAP)
            self._node.call(raw.IOC.REQBUFS, request)


def _buffer(index: int) -> raw.v4l2_buffer:
    return raw.v4l2_buffer(index=index, type=CAPTURE, memory=_MMAP)
