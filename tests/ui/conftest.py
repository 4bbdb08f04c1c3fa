"""A display of their own for the tests of windows: one Xvfb for each process that runs tests."""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator

import pytest

_SCREEN = "3840x2160x24"
_PR_SET_PDEATHSIG = 1
_servers: list[subprocess.Popen[bytes]] = []
"""Kept until this process ends; nobody waits for them."""


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of a display, such as ``:3``, with OpenGL by Mesa; it is also in the environment.

    Xvfb ends with this process and not before: a QApplication, which lives as long, ends the
    process when it loses its display.
    """
    if shutil.which("Xvfb") is None:
        pytest.skip("needs Xvfb; install the package xvfb")
    read_end, write_end = os.pipe()
    libc = ctypes.CDLL(None)
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-screen", "0", _SCREEN, "-nolisten", "tcp"],
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
        pytest.fail(f"Xvfb did not start; it ended with {server.wait()}")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("DISPLAY", f":{number}")
        environment.setenv("QT_QPA_PLATFORM", "xcb")
        environment.setenv("LIBGL_ALWAYS_SOFTWARE", "1")
        environment.delenv("WAYLAND_DISPLAY", raising=False)
        yield f":{number}"


@pytest.fixture(scope="session")
def qapp_args(display: str) -> list[str]:
    """pytest-qt makes its QApplication with these: after the display is there."""
    return [f"polyplens-tests-on-{display}"]
