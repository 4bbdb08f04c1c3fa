"""A capture device that does wrong whatever a test asks of it, while it runs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from fractions import Fraction
from threading import Event

import numpy as np
from numpy.typing import NDArray

from app.frame import Frame
from app.sources.base import ReadReport, SourceError, SourceInfo, SourceNotFoundError, VideoSource
from app.sources.live import NoSignalError, SourceLostError
from models.picture import Picture, PixelFormat


class FastClock:
    """A monotonic clock in nanoseconds that runs ``speed`` times as fast as time does."""

    def __init__(self, speed: int) -> None:
        self._speed = speed
        self._begun_ns = time.monotonic_ns()

    def __call__(self) -> int:
        return self._begun_ns + (time.monotonic_ns() - self._begun_ns) * self._speed


class FaultyDevice:
    """The device: set its attributes to make it fail. ``open`` gives a source that reads it.

    Args:
        rate: frames per second of ``clock``.
    """

    def __init__(self, rate: int = 100, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self.rate = rate
        self.clock = clock
        self.size = (64, 48)
        self.pixel_format = PixelFormat.NV12
        self.plugged = True
        self.has_signal = True
        self.paused = False
        """No frame comes, and nothing is said about it."""
        self.keeps_open = False
        """Another size or format comes without a break."""
        self.still = False
        self.black = False
        self.damage_every = 0
        """Each frame whose number is a multiple arrives damaged or cut off."""
        self.pts_offset_s = 0.0
        self.captured_offset_ns = 0
        self.breaks_after: int | None = None
        """Each source breaks down after so many frames."""
        self._hangs_in = ""
        self._hangs_left = 0
        self._hang = Event()
        self.times_opened = 0
        self.times_refused = 0
        """It was to be opened and was not plugged in."""
        self.open_now = 0
        self.hanging_now = 0

    def open(self) -> VideoSource:
        return _FaultySource(self)

    def hang(self, where: str, times: int = 1) -> None:
        """The next calls of ``open``, ``read`` or ``close`` hang until ``let_hanging_go``."""
        if self._hang.is_set():
            self._hang = Event()
        self._hangs_in, self._hangs_left = where, times

    def let_hanging_go(self) -> None:
        self._hangs_left = 0
        self._hang.set()

    def may_hang(self, where: str) -> None:
        if self._hangs_in == where and self._hangs_left:
            self._hangs_left -= 1
            self.hanging_now += 1
            self._hang.wait()
            self.hanging_now -= 1

    def pixels(self, number: int) -> NDArray[np.uint8]:
        shape = _shape(self.pixel_format, *self.size)
        if self.black:
            return np.full(shape, 16, np.uint8)
        noise = np.random.default_rng(0 if self.still else number)
        return noise.integers(0, 256, shape, np.uint8)


class _FaultySource(VideoSource):
    def __init__(self, device: FaultyDevice) -> None:
        device.may_hang("open")
        if not device.plugged:
            device.times_refused += 1
            raise SourceNotFoundError("There is no faulty device; plug it in.")
        self._device = device
        self._opened_as = (device.size, device.pixel_format)
        self._descriptor: int | None = os.open(os.devnull, os.O_RDONLY)
        self._interrupted = Event()
        self._begun_ns = device.clock()
        self._number = 0
        self._damaged = 0
        device.times_opened += 1
        device.open_now += 1

    @property
    def info(self) -> SourceInfo:
        (width, height), pixel_format = self._opened_as
        rate = Fraction(self._device.rate)
        codec = pixel_format.value
        return SourceInfo("faulty device", width, height, rate, 1 / rate, live=True, codec=codec)

    @property
    def report(self) -> ReadReport:
        return ReadReport(undecodable=self._damaged)

    def read(self) -> Frame | None:
        if self._descriptor is None:
            raise SourceError("the faulty device is closed")
        device = self._device
        while not self._interrupted.is_set():
            device.may_hang("read")
            if not device.plugged:
                raise SourceLostError("The faulty device was unplugged; plug it in again.")
            if not device.has_signal:
                raise NoSignalError("No picture reaches the faulty device; check its cable.")
            if (device.size, device.pixel_format) != self._opened_as and not device.keeps_open:
                raise SourceLostError("The faulty device gives another size or format.")
            if self._number == device.breaks_after:
                raise SourceLostError("The faulty device broke down.")
            due_ns = self._begun_ns + self._number * 1_000_000_000 // device.rate
            if device.paused or device.clock() < due_ns:
                self._interrupted.wait(0.001)
                continue
            self._number += 1
            if device.damage_every and self._number % device.damage_every == 0:
                self._damaged += 1
                continue
            return self._frame(self._number - 1)
        return None

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        if self._descriptor is not None:
            self._device.may_hang("close")
            os.close(self._descriptor)
            self._descriptor = None
            self._device.open_now -= 1

    def _frame(self, number: int) -> Frame:
        device = self._device
        pixels = device.pixels(number)
        pixels.setflags(write=False)
        return Frame(
            Picture(pixels, device.pixel_format),
            number,
            number / device.rate + device.pts_offset_s,
            device.clock() + device.captured_offset_ns,
        )


def _shape(pixel_format: PixelFormat, width: int, height: int) -> tuple[int, ...]:
    if pixel_format is PixelFormat.RGB24:
        return height, width, 3
    if pixel_format is PixelFormat.UYVY422:
        return height, width, 2
    return height * 3 // 2, width
