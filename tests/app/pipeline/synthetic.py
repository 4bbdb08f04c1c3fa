"""A source, a segmenter and a sink that are small, real, and can be told to fail or to wait.

Every picture has its frame's number drawn into it, one column per bit; the segmenter reads the
number out of the picture and draws it into the mask, so a mask shows which picture it was made of.
"""

from __future__ import annotations

import faulthandler
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Self

import numpy as np
import pytest
from numpy.typing import NDArray

from app.frame import Annotated, Frame
from app.pipeline.pipeline import Pipeline
from app.sources.base import ReadReport, SourceInfo, VideoSource
from models.geometry import Area, Geometry
from models.picture import Picture
from models.segmentation import Segmentation, Timings
from tests.app.watched_segmenter import WatchedSegmenter

BITS = 24
HEIGHT = 4
WATCHDOG_S = 60.0

Step = Callable[[int], None]
"""Called with a frame's index before the work on it; may wait, and may raise."""


def at_once(index: int) -> None:
    """A step that neither waits nor raises."""


def drawn(number: int) -> NDArray[np.uint8]:
    """(HEIGHT, BITS) uint8: column b is 255 where bit b of ``number`` is set."""
    bits = (number >> np.arange(BITS)) & 1
    return np.tile((bits * 255).astype(np.uint8), (HEIGHT, 1))


def read_back(columns: NDArray[np.uint8]) -> int:
    """The number that ``drawn`` drew; every row must agree."""
    numbers = (columns > 127) @ (1 << np.arange(BITS))
    assert (numbers == numbers[0]).all()
    return int(numbers[0])


class NumberedSource(VideoSource):
    """``count`` numbered pictures, then None; None as well after ``interrupt``."""

    def __init__(self, count: int, before: Step = at_once, rate: Fraction = Fraction(25)) -> None:
        self._count = count
        self._before = before
        self._rate = rate
        self._interrupted = False
        self.given = 0
        self.interrupts = 0
        self.on_interrupt: Callable[[], None] = lambda: None
        self.threads: set[int] = set()
        self._pictures: list[weakref.ref[NDArray[np.uint8]]] = []

    @property
    def info(self) -> SourceInfo:
        return SourceInfo("numbered", BITS, HEIGHT, self._rate, 1 / self._rate)

    @property
    def report(self) -> ReadReport:
        return ReadReport()

    @property
    def pictures_alive(self) -> int:
        self._pictures = [picture for picture in self._pictures if picture() is not None]
        return len(self._pictures)

    def read(self) -> Frame | None:
        self.threads.add(threading.get_ident())
        if self._interrupted or self.given == self._count:
            return None
        index = self.given
        self._before(index)
        if self._interrupted:
            return None
        pixels = np.repeat(drawn(index)[:, :, None], 3, axis=2)
        self._pictures.append(weakref.ref(pixels))
        self.given += 1
        return Frame(Picture(pixels), index, float(index / self._rate), time.monotonic_ns())

    def interrupt(self) -> None:
        self.interrupts += 1
        self.on_interrupt()
        self._interrupted = True

    def close(self) -> None:
        self._interrupted = True


class AliveCount:
    """A step that finds how many pictures of ``source`` are alive at once."""

    def __init__(self, source: NumberedSource) -> None:
        self._source = source
        self.most = 0

    def __call__(self, _: int) -> None:
        self.most = max(self.most, self._source.pictures_alive)


class NumberReader(WatchedSegmenter):
    """Reads the number in each picture and draws it into the mask."""

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        self._begin(frame_index)
        mask = drawn(read_back(picture.pixels[:, :, 0]))
        return segmentation_of(mask, frame_index)


class NumberReaderAhead(NumberReader):
    """Reads up to ``depth`` numbers at a time; each wait is in one of the two steps of a frame."""

    def __init__(self, depth: int, before_begin: Step = at_once, before: Step = at_once) -> None:
        super().__init__(before)
        self._before_begin = before_begin
        self.depth = depth
        self.begun: deque[int] = deque()
        self.most_begun = 0

    def __enter__(self) -> Self:
        self.begun.clear()
        return super().__enter__()

    def begin(self, picture: Picture, frame_index: int) -> Callable[[], Segmentation]:
        self._before_begin(frame_index)
        self.begun.append(frame_index)
        self.most_begun = max(self.most_begun, len(self.begun))
        assert self.most_begun <= self.depth

        def finish() -> Segmentation:
            assert self.begun.popleft() == frame_index, "finished out of order"
            return self.segment(picture, frame_index)

        return finish


def segmentation_of(mask: NDArray[np.uint8], frame_index: int) -> Segmentation:
    geometry = Geometry(HEIGHT, BITS, Area(0, 0, BITS, HEIGHT), HEIGHT, BITS)
    return Segmentation(mask, frame_index, geometry, Timings(0, 0))


class NumberSink:
    """Reads the numbers in picture and mask back, and keeps them."""

    def __init__(self, before: Step = at_once) -> None:
        self._before = before
        self.on_close: Callable[[], None] = lambda: None
        self.indices: list[int] = []
        self.masked: list[int] = []
        self.mismatches = 0
        self.closed = 0
        self.threads: set[int] = set()

    def write(self, annotated: Annotated) -> None:
        assert not self.closed
        self.threads.add(threading.get_ident())
        frame = annotated.frame
        self._before(frame.index)
        self.mismatches += read_back(frame.picture.pixels[:, :, 0]) != frame.index
        if annotated.segmentation is not None:
            self.mismatches += read_back(annotated.segmentation.probability) != frame.index
            self.masked.append(frame.index)
        self.indices.append(frame.index)

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed += 1
        self.on_close()


def pipeline_threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if "pipeline-" in thread.name]


def hang(what: str) -> None:
    """Fails the test, with the stack of every thread on standard error."""
    faulthandler.dump_traceback(file=sys.__stderr__ or sys.stderr)
    pytest.fail(f"{what} did not end within {WATCHDOG_S} s")


def joined(pipeline: Pipeline) -> None:
    """``pipeline.join()``, but a hang fails the test."""
    if not pipeline.join(WATCHDOG_S):
        hang("the pipeline")


def awaited(event: threading.Event) -> None:
    """``event.wait()``, but a hang fails the thread that waits."""
    if not event.wait(WATCHDOG_S):
        raise TimeoutError("the event never came")
