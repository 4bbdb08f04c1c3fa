"""A colonoscopy that never was: a moving colon with polyps, rendered, with its ground truth."""

from __future__ import annotations

import math
import threading
import time
from fractions import Fraction
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from app.frame import Frame
from app.sources.base import ReadReport, SeekableSource, SourceError, SourceInfo
from app.sources.phantom_scene.lens import pixels_per_radian
from app.sources.phantom_scene.motion import Pose
from app.sources.phantom_scene.renderer import Renderer, View
from app.sources.phantom_scene.scene import World
from app.sources.phantom_scene.screen import Screen, lay_out
from app.sources.phantom_scene.sensor import SHUTTER_S, Sensor
from app.sources.ticks import first_not_before, seconds
from models.geometry import Area
from models.picture import Picture

LEAST_WIDTH = 64
LEAST_HEIGHT = 48


class PhantomArguments(TypedDict):
    """The arguments of ``PhantomSource``."""

    width: int
    height: int
    rate: Fraction
    seconds: float | None
    seed: int


DEMO_SEED = 35
"""A pedunculated, a flat and a large sessile polyp, with nothing to find between them."""

DEMO: PhantomArguments = {
    "width": 1280,
    "height": 720,
    "rate": Fraction(30),
    "seconds": 14.0,
    "seed": DEMO_SEED,
}
"""What ``assets/demo.mp4`` shows; ``PhantomSource(**DEMO)`` is its ground truth."""


class PhantomSource(SeekableSource):
    """Renders frames on demand. Frame n depends on the arguments and n alone, bit for bit.

    ``rate`` is in frames per second; ``seconds`` is the length, None for an endless video; ``seed``
    chooses colon, polyps and movement. Without ``polyps`` the same colon is seen on the same way.

    Raises:
        ValueError: the size is below 64 x 48, or rate, seconds or seed is not positive (seed: not
            negative).
    """

    def __init__(
        self,
        width: int = 1920,
        height: int = 1080,
        rate: Fraction | int = 30,
        seconds: float | None = 10.0,
        seed: int = DEMO_SEED,
        *,
        polyps: bool = True,
    ) -> None:
        if width < LEAST_WIDTH or height < LEAST_HEIGHT:
            raise ValueError(
                f"the phantom needs at least {LEAST_WIDTH}x{LEAST_HEIGHT} pixels, "
                f"not {width}x{height}"
            )
        if rate <= 0 or (seconds is not None and seconds <= 0) or seed < 0:
            raise ValueError(
                "the phantom needs a positive rate, positive seconds and a seed of 0 or more, "
                f"not {rate}, {seconds} and {seed}"
            )
        self._rate = Fraction(rate)
        self._count = None if seconds is None else max(round(seconds * self._rate), 1)
        self._seed = seed
        self._layout = lay_out(width, height)
        self._world = World(seed, with_polyps=polyps)
        self._renderer = Renderer(self._layout.internal_width, self._layout.internal_height)
        self._sensor = Sensor(self._layout.internal_width, self._layout.internal_height, seed)
        self._screen = Screen(self._layout, seed)
        self._next = 0
        self._interrupted = threading.Event()
        self._closed = False

    @property
    def info(self) -> SourceInfo:
        return SourceInfo(
            name="phantom",
            width=self._layout.width,
            height=self._layout.height,
            rate=self._rate,
            time_base=1 / self._rate,
            frame_count=self._count,
            duration_s=None if self._count is None else float(self._count / self._rate),
            codec="phantom",
        )

    @property
    def report(self) -> ReadReport:
        return ReadReport()

    @property
    def area(self) -> Area:
        """Where the endoscope's picture lies in the frame."""
        return self._layout.area

    def read(self) -> Frame | None:
        if self._closed:
            raise SourceError("the phantom is closed; open another one")
        if self._interrupted.is_set() or (self._count is not None and self._next >= self._count):
            return None
        index = self._next
        self._next += 1
        image = self.image(index)
        image.flags.writeable = False
        return Frame(Picture(image), index, self._time_s(index), time.monotonic_ns())

    def seek(self, pts_s: float) -> None:
        if self._closed:
            raise SourceError("the phantom is closed; open another one")
        self._next = max(0, first_not_before(pts_s, 1 / self._rate))

    @property
    def frame_times_s(self) -> NDArray[np.float64] | None:
        if self._count is None:
            return None
        times = np.array([self._time_s(index) for index in range(self._count)])
        times.flags.writeable = False
        return times

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self._closed = True

    def image(self, index: int) -> NDArray[np.uint8]:
        """Frame ``index``: (height, width, 3) uint8 RGB. Does not move the reading position."""
        time_s = self._time_s(index)
        before, after = (
            self._world.scene(time_s + half).pose for half in (-SHUTTER_S / 2, SHUTTER_S / 2)
        )
        picture = self._sensor.develop(
            self._view(index).light, index, self._shift(before, after), self._defocus(time_s)
        )
        return self._screen.compose(picture, index, time_s)

    def mask(self, index: int) -> NDArray[np.bool_]:
        """Ground truth of frame ``index``: (height, width), True on every visible polyp pixel."""
        return self._screen.compose_mask(self._view(index).polyp)

    def has_polyp(self, index: int) -> bool:
        """Whether any polyp pixel is visible in frame ``index``."""
        return bool(self.mask(index).any())

    def _time_s(self, index: int) -> float:
        return seconds(index, 1 / self._rate)

    def _view(self, index: int) -> View:
        return self._renderer.render(self._world.scene(self._time_s(index)))

    def _shift(self, before: Pose, after: Pose) -> tuple[float, float]:
        """By how many pixels the middle of the picture moves between two poses."""
        right, down, _ = after.rotation[:, 2] @ before.rotation
        scale = pixels_per_radian(self._layout.internal_width, self._layout.internal_height)
        return -right * scale, -down * scale

    def _defocus(self, time_s: float) -> float:
        """Deviation of the blur in pixels: now and then the picture is out of focus."""
        wave = math.sin(0.83 * time_s + self._seed) + math.sin(2.03 * time_s + 1.7 * self._seed)
        return 1.6 * max(wave - 1.0, 0.0) * self._layout.internal_height / 420.0
