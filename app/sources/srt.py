"""MPEG-TS by SRT, through a GStreamer process of its own: FFmpeg in PyAV has no SRT."""

from __future__ import annotations

import io
import os
import re
import select
import shutil
import subprocess
import sys
import weakref
from threading import Event

from app.sources.base import SourceError
from app.sources.live import NoSignalError, SourceLostError
from app.sources.stream_address import StreamAddress
from app.sources.stream_socket import SILENCE_LIMIT_S

_LAUNCH = "gst-launch-1.0"
_INSPECT = "gst-inspect-1.0"
_ELEMENT = "srtsrc"
_CONNECT_LIMIT_S = 6.0
"""SRT itself tries for 3 s; after that, the latency passes before the first byte."""
_READ_BYTES = 65536
_REASON = re.compile(r"SRT(?: socket)?: (?P<reason>.+)$", re.MULTILINE)


def check_srt() -> None:
    """
    Raises:
        SourceError: a program or plug-in is missing; the sentence says what to install.
    """
    if sys.platform == "win32":
        raise SourceError("SRT is not read on Windows; have the encoder send to udp:// or rtp://.")
    if shutil.which(_LAUNCH) is None or shutil.which(_INSPECT) is None:
        raise _missing()
    found = subprocess.run([_INSPECT, "--exists", _ELEMENT], capture_output=True, check=False)
    if found.returncode != 0:
        raise _missing()


class SrtReceiver:
    """Receives what an encoder sends by SRT. One thread reads.

    The process ends when the connection does. Its command line holds the passphrase, since
    ``gst-launch-1.0`` takes it in no other way: who may list this computer's processes sees it.

    Raises:
        SourceError: there is no GStreamer.
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
        try:
            self._process = subprocess.Popen(
                [_LAUNCH, "-q", *source, "!", "fdsink", f"fd={sender}", "sync=false"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                pass_fds=[sender],
            )
        except OSError as error:
            self._pipe.close()
            raise _missing() from error
        finally:
            os.close(sender)
        # A listener that waits would outlive a program that ends while it opens.
        self._kill = weakref.finalize(self, self._process.kill)

    def read(self, size: int) -> bytes:
        """At least one byte and at most ``size``, waited for; none once nothing more will come.

        It raises nothing: what went wrong is in ``failure``.
        """
        if self._interrupted.is_set() or self.failure is not None:
            return b""
        limit_s = SILENCE_LIMIT_S if self._connected else _CONNECT_LIMIT_S
        if not select.select([self._pipe], [], [], limit_s)[0]:
            self.failure = NoSignalError(
                f"Nothing arrives at {self._name}; start the encoder, or check the network."
            )
            return b""
        data = self._pipe.read(min(size, _READ_BYTES))
        if data:
            self._connected = True
        elif not self._interrupted.is_set():
            self.failure = self._end()
        return data

    def interrupt(self) -> None:
        """Ends a waiting or later ``read`` at once, for good. Any thread."""
        self._interrupted.set()
        self._kill()

    def close(self) -> None:
        self.interrupt()
        with self._process:
            pass
        self._pipe.close()

    def _end(self) -> SourceError:
        assert self._process.stderr is not None
        if self._connected:
            return SourceLostError(f"{self._name} closed the connection; start the encoder again.")
        found = _REASON.search(self._process.stderr.read().decode(errors="replace"))
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
