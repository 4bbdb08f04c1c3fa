"""An encoder that sends by SRT: ``stream_encoder`` with GStreamer behind it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from app.sources.base import SourceError
from app.sources.live import CaptureWish, LiveSource
from app.sources.live_opening import open_live
from app.sources.srt import check_srt
from tests.app.sources.live_feeds import OTHER_SIZE, RATE, SIZE, Feed, free_port

_PROJECT = Path(__file__).parents[3]


def _has_srt() -> bool:
    try:
        check_srt()
    except SourceError:
        return False
    return True


needs_srt = pytest.mark.skipif(not _has_srt(), reason="GStreamer's srtsrc is not installed")


class SrtSender:
    """Two processes that bring numbered pictures to ``uri``, until ``end``."""

    def __init__(self, uri: str, size: tuple[int, int] = SIZE) -> None:
        port = free_port(socket.SOCK_STREAM)
        encoder = ["-m", "tests.app.sources.stream_encoder", f"tcp://127.0.0.1:{port}"]
        self._encoding = subprocess.Popen(
            [sys.executable, *encoder, *map(str, (*size, RATE))],
            cwd=_PROJECT,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._encoding.stdout is not None
        assert self._encoding.stdout.readline() == b"ready\n"
        source = ["tcpclientsrc", "host=127.0.0.1", f"port={port}"]
        self._sending = subprocess.Popen(
            ["gst-launch-1.0", "-q", *source, "!", "srtsink", f"uri={uri}", "sync=false"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def signal(self, number: signal.Signals) -> None:
        for process in (self._sending, self._encoding):
            process.send_signal(number)

    def end(self) -> None:
        for process in (self._sending, self._encoding):
            with process:
                process.kill()


class SrtFeed(Feed):
    """An encoder that is called, as the one that calls notices only after SRT's own limit of 5 s
    that it was paused for too long."""

    def __init__(self) -> None:
        port = free_port(socket.SOCK_DGRAM)
        self._location = f"srt://127.0.0.1:{port}?latency=20"
        self._uri = f"srt://:{port}?mode=listener&latency=20"
        self._sender = SrtSender(self._uri)

    def open(self) -> LiveSource:
        return open_live(self._location, CaptureWish())

    def kill(self) -> None:
        self._sender.end()

    def restart(self) -> tuple[int, int]:
        self._sender = SrtSender(self._uri, OTHER_SIZE)
        return OTHER_SIZE

    def pause(self) -> None:
        self._sender.signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._sender.signal(signal.SIGCONT)
