"""A display without a monitor, for windows that are tested or measured."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess

INSTALLED_AS = "Xvfb"
DRAWN_BY_MESA = {"QT_QPA_PLATFORM": "xcb", "LIBGL_ALWAYS_SOFTWARE": "1"}
"""What the environment of a process must say besides ``DISPLAY``."""

_SCREEN = "3840x2160x24"
_PR_SET_PDEATHSIG = 1
_servers: list[subprocess.Popen[bytes]] = []
"""Kept until this process ends; nobody waits for them."""


def start_xvfb() -> str:
    """The name of a new display, such as ``:3``.

    It ends with this process and not before: a QApplication, which lives as long, ends the process
    when it loses its display.

    Raises:
        RuntimeError: it did not start.
    """
    read_end, write_end = os.pipe()
    libc = ctypes.CDLL(None)
    server = subprocess.Popen(
        [INSTALLED_AS, "-displayfd", str(write_end), "-screen", "0", _SCREEN, "-nolisten", "tcp"],
        pass_fds=[write_end],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM),
    )
    _servers.append(server)
    os.close(write_end)
    with os.fdopen(read_end) as numbers:
        number = numbers.readline().strip()  # written once the server takes connections
    if not number:
        raise RuntimeError(f"Xvfb did not start; it ended with {server.wait()}")
    return f":{number}"
