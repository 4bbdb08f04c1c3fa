"""Segmenters for the other process: one that behaves, and those that do not."""

from __future__ import annotations

import ctypes
import logging
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.backends.base import Backend, BackendError, BackendInfo
from models.geometry import Area
from models.picture import Picture
from models.segmenter import Segmenter
from models.spec import ModelSpec

SPEC = ModelSpec(name="echo", height=4, width=24)
INFO = BackendInfo("echo", "1", "a test", "none")

Deed = Callable[[], None]
Step = Callable[[NDArray[np.uint8]], None]
"""Called with each picture's pixels, before it is answered."""


class EchoBackend(Backend):
    """Answers an RGB picture with its own red, top left: so an answer shows what it was made of."""

    name: ClassVar[str] = "echo"

    def __init__(self, before: Step, on_activate: Callable[[], None]) -> None:
        super().__init__(SPEC)
        self._before = before
        self._on_activate = on_activate

    @property
    def info(self) -> BackendInfo:
        return INFO

    def infer_picture(self, picture: Picture, area: Area) -> NDArray[np.uint8]:
        self._before(picture.pixels)
        return picture.pixels[: SPEC.height, : SPEC.width, 0].copy()

    def _activate(self) -> None:
        self._on_activate()

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        raise NotImplementedError

    def _deactivate(self) -> None: ...


def nothing(pixels: NDArray[np.uint8] | None = None) -> None: ...


def echo(before: Step = nothing, on_activate: Callable[[], None] = nothing) -> Segmenter:
    return Segmenter(EchoBackend(before, on_activate))


def echo_until_marked(what: Deed) -> Segmenter:
    """Does ``what`` when a picture is all white; answers any other."""
    return echo(lambda pixels: what() if pixels.min() == 255 else None)


def echo_with_delays(seed: int, longest_s: float) -> Segmenter:
    draw = random.Random(seed)
    return echo(lambda pixels: time.sleep(draw.uniform(0.0, longest_s)))


def leaking(bytes_per_picture: int) -> Segmenter:
    lost = []
    return echo(lambda pixels: lost.append(b"\x01" * bytes_per_picture))


def leaking_and_failing_the_second_time(bytes_per_picture: int, note: Path) -> Segmenter:
    """``note`` is a file that says whether there was a first time."""
    if note.exists():
        return echo(on_activate=fail)
    note.touch()
    return leaking(bytes_per_picture)


def hanging() -> Segmenter:
    return echo(lambda pixels: hang())


def slow_to_start(seconds: float) -> Segmenter:
    return echo(on_activate=partial(time.sleep, seconds))


def failing_to_start(what: Deed) -> Segmenter:
    return echo(on_activate=what)


def stop() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def hang() -> None:
    """Its other threads go on."""
    time.sleep(1e6)


def hold_all_up() -> None:
    """None of its other threads runs."""
    ctypes.PyDLL(None).sleep(1 << 20)


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def leave() -> None:
    os._exit(3)


def fail() -> None:
    raise BackendError("The device is gone; plug it in.")


def fail_unexpectedly() -> None:
    raise ZeroDivisionError("by nothing")


def print_and_warn() -> None:
    print("on standard output", flush=True)  # noqa: T201 - it must not get there
    logging.getLogger(__name__).warning("something to know")


def say(message: bytes) -> None:
    """Says ``message`` to the other process, out of turn."""
    os.write(int(sys.argv[1]), message)
