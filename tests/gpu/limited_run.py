"""A command that ends in time, with everything that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress

from tests.locations import ROOT

LAST_LINES = 40
_CRASH = "Fatal Python error"
GRACE_S = 5.0
"""Between asking a command where it is and ending it."""


class TooSlowError(Exception):
    """A command was not done in time; ``log`` ends with where each of its Pythons was."""

    def __init__(self, message: str, log: list[str]) -> None:
        super().__init__(message)
        self.log = log


def run_limited(arguments: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Runs Python with ``arguments`` in the repository's root.

    Raises:
        TooSlowError: it was ended. So was what it had started, which would disturb what is
            measured next.
    """
    command = [sys.executable, *arguments]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        # What is killed has said all that it wrote, and every Python says where it was.
        env={**os.environ, "PYTHONUNBUFFERED": "1", "PYTHONFAULTHANDLER": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise TooSlowError(f"not done after {timeout_s:.0f} s", _ended(process)) from error
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _ended(process: subprocess.Popen[str]) -> list[str]:
    """Ends ``process`` with all that it started, and gives its last lines.

    It is not waited for beyond ``GRACE_S``: what a driver holds in the kernel, no signal ends.
    """
    said: list[str] = []
    for number in (signal.SIGABRT, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            stdout, stderr = process.communicate(timeout=GRACE_S)
            said = last_lines(stdout + stderr)
    return said


def last_lines(text: str) -> list[str]:
    return text.strip().splitlines()[-LAST_LINES:]


def last_words(run: subprocess.CompletedProcess[str]) -> str:
    """The line that says why a command failed; with its exit code where that is not the reason."""
    lines = (run.stdout + run.stderr).strip().splitlines()
    crashes = [line for line in lines if line.startswith(_CRASH)]
    if crashes:
        return crashes[0]
    said = lines[-1] if lines else "it said nothing"
    return said if lines and run.returncode > 0 else f"exit code {run.returncode}: {said}"
