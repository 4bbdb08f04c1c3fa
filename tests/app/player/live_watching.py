"""What the tests of live video share: stamped pictures, a segmenter that reads them, a session."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from typing import Self

import numpy as np

from app.frame import Frame
from app.player.detection import Detection
from app.player.live_session import LiveSession
from app.player.segmenter_thread import PlayerSegmenter
from app.player.shown import Shown
from app.sources.base import VideoSource
from app.sources.frame_stamp import read_stamp
from app.sources.reconnecting import ReconnectingSource
from app.sources.test_picture import TestPicture
from models.backends.base import BackendError, BackendInfo
from models.geometry import Geometry
from models.picture import Picture
from models.segmentation import Segmentation, Timings
from models.spec import ModelSpec
from tests.app.player.watching import Watcher, player_threads
from tests.app.watched_segmenter import WatchedSegmenter

SIZE = (160, 120)
RATE = 60
CALM_RATE = 25
"""Frames per second that a busy machine keeps up with too, or nearly."""
_BITS = 32
_MARKED = 200
"""The level of a probability that is marked."""


def test_picture() -> TestPicture:
    return TestPicture(SIZE, Fraction(RATE))


test_picture.__test__ = False  # type: ignore[attr-defined]  # pytest goes by the name


def calm_picture() -> TestPicture:
    return TestPicture(SIZE, Fraction(CALM_RATE))


class InTurn(TestPicture):
    """Gives a frame once ``watcher`` was shown the one before: however busy the machine is, none is
    displaced by the next, and one that is missing was lost.

    Args:
        when: so only while this is set; otherwise every frame comes in its own time.
    """

    def __init__(self, watcher: Watcher, when: threading.Event | None = None) -> None:
        super().__init__(SIZE, Fraction(CALM_RATE))
        self._watcher = watcher
        self._when = when
        self._wanted = 0
        self._interrupted = threading.Event()

    def read(self) -> Frame | None:
        while self._must_wait() and not self._interrupted.wait(0.002):
            pass
        self._wanted = self._shown() + 1
        return super().read()

    def interrupt(self) -> None:
        self._interrupted.set()
        super().interrupt()

    def _must_wait(self) -> bool:
        in_turn = self._when is None or self._when.is_set()
        return in_turn and self._shown() < self._wanted

    def _shown(self) -> int:
        return len(set(self._watcher.indices))


class StampSegmenter(WatchedSegmenter):
    """Marks the model pixels whose bit is set in the number that is stamped into the picture."""

    def __init__(self, before: Callable[[int], None] = lambda _: None) -> None:
        super().__init__(before)
        self.fails_to_enter = ""
        self.fails_with = ""
        """Fails with this sentence from the next picture on; such as a device that is lost."""
        self.failed = 0
        """How often it did."""
        self.answers = threading.Event()
        """While it is cleared no answer comes."""
        self.answers.set()
        self.spec = ModelSpec(height=16, width=16, least_area=0.0)
        self.info = BackendInfo("stamps", "1", "test", "FP32")

    def __enter__(self) -> Self:
        super().__enter__()
        if self.fails_to_enter:
            raise BackendError(self.fails_to_enter)
        return self

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        self._begin(frame_index)
        self.answers.wait()
        if self.fails_with:
            self.failed += 1
            raise BackendError(self.fails_with)
        number = read_stamp(picture) or 0
        probability = np.zeros((16, 16), np.uint8)
        bits = (number >> np.arange(_BITS)) & 1
        probability.reshape(-1)[:_BITS] = bits * _MARKED
        geometry = Geometry(picture.height, picture.width, picture.whole, 16, 16)
        return Segmentation(probability, frame_index, geometry, Timings(0, 0))


def number_marked(shown: Shown) -> int:
    """The number that ``StampSegmenter`` read in the picture of which the mask was made."""
    assert shown.segmentation is not None
    bits = shown.segmentation.probability.reshape(-1)[:_BITS] > 0
    return int(bits @ (1 << np.arange(_BITS)))


@contextmanager
def watched_live(
    open_raw: Callable[[], VideoSource],
    load_segmenter: Callable[[], PlayerSegmenter] | None = None,
    watcher: Watcher | None = None,
    *,
    mask_wait_ms: float | None = None,
) -> Iterator[tuple[LiveSession, Watcher]]:
    """A session of what ``open_raw`` opens; afterwards every thread of it must be gone."""
    watcher = watcher or Watcher()
    session = LiveSession(
        "device",
        lambda: ReconnectingSource("The device", open_raw),
        load_segmenter,
        watcher,
        Detection(),
        mask_wait_ms=mask_wait_ms,
    )
    session.start()
    try:
        yield session, watcher
    finally:
        assert session.close()
        assert player_threads() == []
