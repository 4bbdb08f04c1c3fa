"""What the player's tests share: videos with numbers in them, and someone who watches."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from types import TracebackType

import numpy as np

from app.frame import Frame
from app.player.detection import Detection
from app.player.playback import OpeningProgress, PlayerState
from app.player.segmenter_thread import PlayerSegmenter
from app.player.session import PlayerSession
from app.player.shown import Shown
from app.sources.base import ReadReport, SeekableSource, SourceInfo
from models.backends.base import BackendInfo
from models.geometry import Geometry
from models.picture import Picture
from models.segmentation import Segmentation, Timings
from models.spec import ModelSpec
from tests.app.sources.videos import MP4, number_in, numbered_picture, write_video
from tests.app.watched_segmenter import WatchedSegmenter

FRAMES = 90
RATE = 30


def longer(items: Sequence[object], count: int) -> Callable[[], bool]:
    """A condition: ``items`` has more than ``count``."""
    return lambda: len(items) > count


def player_threads() -> list[str]:
    names = (thread.name for thread in threading.enumerate())
    return [name for name in names if name.startswith(("player-", "pipeline-"))]


def numbered_video(path: Path, frames: int = FRAMES) -> Path:
    return write_video(path, MP4, frames, rate=RATE)


class NumberedSource(SeekableSource):
    """Numbered pictures; can be told to decode slowly, and to keep its frame times to itself."""

    def __init__(
        self,
        frames: int = FRAMES,
        *,
        times_known: bool = True,
        times_s: list[float] | None = None,
        damaged: frozenset[int] = frozenset(),
        decode_s: float = 0.0,
    ) -> None:
        self.times_s = times_s or [n / RATE for n in range(frames)]
        self._times_known = times_known
        self._damaged = damaged
        self.decode_s = decode_s
        self.seeks = 0
        self.interrupted = False
        self._next = 0

    @property
    def info(self) -> SourceInfo:
        return SourceInfo("numbered", 128, 64, Fraction(RATE), Fraction(1, RATE))

    @property
    def report(self) -> ReadReport:
        return ReadReport()

    @property
    def frame_times_s(self) -> np.ndarray[tuple[int], np.dtype[np.float64]] | None:
        return np.array(self.times_s) if self._times_known else None

    def read(self) -> Frame | None:
        while self._next in self._damaged:
            self._next += 1
        if self.interrupted or self._next >= len(self.times_s):
            return None
        time.sleep(self.decode_s)
        number = self._next
        self._next += 1
        picture = Picture(numbered_picture(number % 256))
        return Frame(picture, number, self.times_s[number], time.monotonic_ns())

    def seek(self, pts_s: float) -> None:
        self.seeks += 1
        self._next = int(np.searchsorted(self.times_s, pts_s))

    def interrupt(self) -> None:
        self.interrupted = True

    def close(self) -> None:
        self.interrupted = True


class NumberSegmenter(WatchedSegmenter):
    """Marks as many model pixels as the number in the picture says: the mask tells its frame."""

    def __init__(self, before: Callable[[int], None] = lambda _: None) -> None:
        super().__init__(before)
        self.asked = 0
        self.spec = ModelSpec(height=16, width=16)
        self.info = BackendInfo("numbers", "1", "test", "FP32")

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        self.asked += 1
        self._begin(frame_index)
        probability = np.zeros((16, 16), np.uint8)
        probability.reshape(-1)[: number_in(picture)] = 200
        geometry = Geometry(picture.height, picture.width, picture.whole, 16, 16)
        return Segmentation(probability, frame_index, geometry, Timings(0, 0))


def loaded(segmenter: NumberSegmenter) -> Callable[[], PlayerSegmenter]:
    return lambda: segmenter


def number_marked(shown: Shown) -> int:
    assert shown.segmentation is not None
    return int(np.count_nonzero(shown.segmentation.probability))


class Watcher:
    """Keeps everything that a session says."""

    def __init__(self) -> None:
        self.shown: list[Shown] = []
        self.states: list[PlayerState] = []
        self.progress: list[OpeningProgress] = []
        self.failures: list[str] = []

    def on_shown(self, shown: Shown) -> None:
        self.shown.append(shown)

    def on_state(self, state: PlayerState) -> None:
        self.states.append(state)

    def on_progress(self, progress: OpeningProgress) -> None:
        self.progress.append(progress)

    def on_failed(self, sentence: str) -> None:
        self.failures.append(sentence)

    @property
    def indices(self) -> list[int]:
        return [shown.frame.index for shown in self.shown]


class Watched:
    """A session and its watcher; closed at the end, and every thread must be gone by then."""

    def __init__(
        self,
        location: str | Path,
        load_segmenter: Callable[[], PlayerSegmenter] | None = None,
        detection: Detection | None = None,
        *,
        playing: bool = True,
    ) -> None:
        self.watcher = Watcher()
        self.session = PlayerSession(
            location, load_segmenter, self.watcher, detection or Detection(), playing=playing
        )

    def __enter__(self) -> tuple[PlayerSession, Watcher]:
        self.session.start()
        return self.session, self.watcher

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self.session.close()
        assert player_threads() == []
