"""MPEG-TS by SRT, through a GStreamer process of its own: FFmpeg in PyAV has no SRT."""

from __future__ import annotations

import io
import os
import re
import select
import sys
import time
from threading import Event

from app.sources import gstreamer
from app.sources.base import SourceError
from app.sources.live import NoSignalError, SourceLostError
from app.sources.stream_address import StreamAddress
from app.sources.stream_socket import SILENCE_LIMIT_S

_ELEMENT = "srtsrc"
_CONNECT_LIMIT_S = 6.0
"""SRT itself tries for 3 s; after that, the latency passes before the first byte."""
_WAKE_S = 0.1
_READ_BYTES = 65536
_REASON = re.compile(r"SRT(?: socket)?: (?P<reason>.+)$", re.MULTILINE)


def check_srt() -> None:
    """
    Raises:
        SourceError: a program or plug-in is missing; the sentence says what to install.
    """
    if sys.platform == "win32":
        raise SourceError("SRT is not read on Windows; have the encoder send to udp:// or rtp://.")
    if not gstreamer.has_element(_ELEMENT):
        raise _missing()


class SrtReceiver:
    """Receives what an encoder sends by SRT. One thread reads.

    The process ends when the connection does.

    Raises:
        SourceError: it cannot be opened.
    """

    def __init__(self, address: StreamAddress) -> None:
        self._name = address.name
        self._interrupted = Event()
        self._connected = False
        self.failure: SourceError | None = None
        """Why nothing more comes."""
        source = [_ELEMENT, f"uri={address.target}", "auto-reconnect=false"]
        descriptor, sender = os.pipe()
        self._pipe = io.FileIO(descriptor)
        sink = ["fdsink", f"fd={sender}", "sync=false"]
        try:
            self._process = gstreamer.GStreamerProcess([*source, "!", *sink], [sender])
        except BaseException:
            self._pipe.close()
            raise
        finally:
            os.close(sender)

    def read(self, size: int) -> bytes:
        """At least one byte and at most ``size``, waited for; none once nothing more will come.

        It raises nothing: what went wrong is in ``failure``.
        """
        limit_s = SILENCE_LIMIT_S if self._connected else _CONNECT_LIMIT_S
        until_s = time.monotonic() + limit_s
        while not self._interrupted.is_set() and self.failure is None:
            if select.select([self._pipe], [], [], _WAKE_S)[0]:
                data = self._pipe.read(min(size, _READ_BYTES))
                if data:
                    self._connected = True
                    return data
                self.failure = self._end()
            elif time.monotonic() > until_s:
                self.failure = NoSignalError(
                    f"Nothing arrives at {self._name}; start the encoder, or check the network."
                )
        return b""

    def interrupt(self) -> None:
        """Ends a waiting or later ``read`` within 0.1 s, for good. Any thread."""
        self._interrupted.set()
        self._process.interrupt()

    def close(self) -> None:
        self._interrupted.set()
        self._process.close()
        self._pipe.close()

    def _end(self) -> SourceError | None:
        """Why the process ended; None where it was told to."""
        end = self._process.end()
        if self._interrupted.is_set():
            return None
        if not end.installed:
            return _missing()
        if self._connected:
            return SourceLostError(f"{self._name} closed the connection; start the encoder again.")
        found = _REASON.search(end.details)
        reason = found["reason"].rstrip(".") if found else "it ended the connection"
        return NoSignalError(
            f"{self._name} does not answer ({reason}); start the encoder, or check the address and "
            "the passphrase."
        )


def _missing() -> SourceError:
    return SourceError(
        "SRT is read through GStreamer's srtsrc, which is not installed; install the packages "
        "gstreamer1.0-tools and gstreamer1.0-plugins-bad."
    )
