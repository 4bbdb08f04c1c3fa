"""The segmenter's own process: ``python -m models.supervised.child SOCKET BEATS LOG_LEVEL``.

Two descriptors are inherited: a socket to the process that shows the picture, and an event counter
on which this one says, every ``BEAT_MS``, that it lives. It ends with the other process, however
that ends.
"""

from __future__ import annotations

import ctypes
import logging
import math
import os
import pickle
import select
import signal
import socket
import sys
import zlib
from contextlib import suppress
from pathlib import Path
from threading import Thread

import numpy as np

from models.backends.base import BackendError
from models.picture import Picture
from models.segmenter import Segmenter
from models.supervised.json_messages import Failure, LogEntry, Ready
from models.supervised.messages import LARGEST_BYTES, Answer, Kind, PictureMessage
from models.supervised.shared_slots import SharedSlots

BEAT_MS = 50

_PR_SET_PDEATHSIG = 1
_OUT_OF_MEMORY_SCORE = "500"

_log = logging.getLogger(__name__)


def main() -> None:
    socket_descriptor, beats, log_level = map(int, sys.argv[1:])
    parent = socket.socket(fileno=socket_descriptor)
    _end_first()
    Thread(target=_beat, args=(parent, beats), daemon=True).start()
    handlers = [_LogToParent(parent)]
    logging.basicConfig(format="%(message)s", level=log_level, handlers=handlers)
    try:
        _serve(parent)
    except BackendError as error:
        parent.send(Failure(str(error)).to_bytes())
    except Exception as error:  # noqa: BLE001 - told to whoever waits for this process
        _log.info("the network failed", exc_info=error)
        sentence = f"The network failed ({type(error).__name__}: {error})."
        parent.send(Failure(sentence).to_bytes())
    # The segmenter was left; what libraries do at the end of a process is not waited for.
    os._exit(0)


def _end_first() -> None:
    """Makes the kernel end this process with its parent, stopped or not, and, when memory runs out,
    before its parent."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_OUT_OF_MEMORY_SCORE)


def _beat(parent: socket.socket, beats: int) -> None:
    lost = select.poll()
    lost.register(parent, 0)  # for its hanging up, which is always told
    while not lost.poll(BEAT_MS):
        os.eventfd_write(beats, 1)
    os._exit(1)


def _serve(parent: socket.socket) -> None:
    make = pickle.loads(parent.recv(LARGEST_BYTES))
    with make() as segmenter:
        assert isinstance(segmenter, Segmenter)
        parent.send(Ready(segmenter.spec, segmenter.info).to_bytes())
        # Earlier ones are kept: a runtime may have page-locked them until it is left.
        slots: list[SharedSlots] = []
        while True:
            message, descriptors, _, _ = socket.recv_fds(
                parent, LARGEST_BYTES, 1, socket.MSG_CMSG_CLOEXEC
            )
            match message[0] if message else Kind.END:
                case Kind.END:
                    return
                case Kind.MEMORY:
                    slots.append(SharedSlots(descriptors[0], segmenter.spec))
                    os.close(descriptors[0])
                    segmenter.pin(slots[-1].memory)
                case Kind.PICTURE:
                    asked = PictureMessage.from_bytes(message)
                    parent.send(_answer(segmenter, slots[-1], asked).to_bytes())


def _answer(segmenter: Segmenter, slots: SharedSlots, asked: PictureMessage) -> Answer:
    pixels = slots.picture(asked.number, math.prod(asked.shape)).reshape(asked.shape)
    picture = Picture(pixels, asked.pixel_format, asked.matrix, asked.full_range)
    segmentation = segmenter.segment(picture, asked.frame_index)
    probability = np.ascontiguousarray(segmentation.probability)
    slots.probability(asked.number)[:] = probability
    return Answer(
        asked.number,
        segmentation.frame_index,
        segmentation.timings.preprocess_ns,
        segmentation.timings.infer_ns,
        zlib.crc32(probability.data),
        segmentation.geometry.area,
        segmentation.picture_area,
    )


class _LogToParent(logging.Handler):
    """Sends records to the process that keeps the log; what finds no room is left out."""

    def __init__(self, parent: socket.socket) -> None:
        super().__init__()
        self._parent = parent

    def emit(self, record: logging.LogRecord) -> None:
        entry = LogEntry(record.levelno, self.format(record))
        with suppress(OSError):
            self._parent.send(entry.to_bytes(), socket.MSG_DONTWAIT)


if __name__ == "__main__":
    main()
