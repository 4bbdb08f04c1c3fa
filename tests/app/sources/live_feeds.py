"""What live sources are fed from: devices, encoders and writers that a test stops and starts."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from abc import ABC, abstractmethod
from pathlib import Path

from app.sources.live import CaptureWish, LiveSource
from app.sources.live_opening import open_live
from app.sources.reconnecting import ReconnectingSource
from tests.app.sources.faulty_device import FaultyDevice

RATE = 30
SIZE = (128, 64)
OTHER_SIZE = (160, 96)
_PROJECT = Path(__file__).parents[3]


class Feed(ABC):
    """Runs from the start, in ``SIZE``."""

    numbered = True
    """Its pictures carry numbers that count up by one, modulo 256."""

    @abstractmethod
    def open(self) -> LiveSource:
        """A source that shows it."""

    @abstractmethod
    def kill(self) -> None: ...

    @abstractmethod
    def restart(self) -> tuple[int, int]:
        """After ``kill``; in another size, where it can. That size."""

    @abstractmethod
    def pause(self) -> None: ...

    @abstractmethod
    def resume(self) -> None: ...

    def end(self) -> None:
        """Leaves nothing behind."""
        self.kill()


class FaultyFeed(Feed):
    numbered = False

    def __init__(self) -> None:
        self.device = FaultyDevice(RATE)
        self.device.size = SIZE

    def open(self) -> LiveSource:
        return ReconnectingSource("The device", self.device.open)

    def kill(self) -> None:
        self.device.plugged = False

    def restart(self) -> tuple[int, int]:
        self.device.size = OTHER_SIZE
        self.device.plugged = True
        return OTHER_SIZE

    def pause(self) -> None:
        self.device.paused = True

    def resume(self) -> None:
        self.device.paused = False


class ProcessFeed(Feed):
    """A real process. ``kill``, ``pause`` and ``resume`` are signals to it.

    Args:
        target: what the module is told to send to.
        location: what ``open_live`` is told to open.
        resizes: whether it starts again in another size.
    """

    def __init__(self, module: str, target: str, location: str, *, resizes: bool = True) -> None:
        self._module = module
        self._target = target
        self._location = location
        self._resizes = resizes
        self._process = self._start(SIZE)

    def open(self) -> LiveSource:
        return open_live(self._location, CaptureWish())

    def kill(self) -> None:
        with self._process:
            self._process.kill()

    def restart(self) -> tuple[int, int]:
        size = OTHER_SIZE if self._resizes else SIZE
        self._process = self._start(size)
        return size

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def _start(self, size: tuple[int, int]) -> subprocess.Popen[bytes]:
        """Waits until it begins to send."""
        arguments = [self._target, *map(str, size), str(RATE)]
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.app.sources.{self._module}", *arguments],
            cwd=_PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        return process


def udp_feed() -> Feed:
    port = free_port(socket.SOCK_DGRAM)
    return ProcessFeed(
        "stream_encoder", f"udp://127.0.0.1:{port}?pkt_size=1316", f"udp://127.0.0.1:{port}"
    )


def tcp_feed() -> Feed:
    return _served("tcp")


def rtsp_feed() -> Feed:
    return _served("rtsp")


def pipe_feed(folder: Path) -> Feed:
    path = folder / "pipe"
    os.mkfifo(path)
    width, height = SIZE
    location = f"pipe:{path}?format=rgb24&size={width}x{height}&rate={RATE}"
    return ProcessFeed("raw_writer", str(path), location, resizes=False)


def _served(scheme: str) -> Feed:
    url = f"{scheme}://127.0.0.1:{free_port(socket.SOCK_STREAM)}"
    if scheme == "rtsp":
        url += "/stream"
    return ProcessFeed("stream_encoder", url, url)


def free_port(kind: socket.SocketKind) -> int:
    """A port of 127.0.0.1 that nothing uses now."""
    with socket.socket(socket.AF_INET, kind) as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    assert isinstance(port, int)
    return port


def is_taken(port: int) -> bool:
    """Whether somebody receives datagrams on this port."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        try:
            found.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False
