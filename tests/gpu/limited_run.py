"""A command that ends in time, with everything that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence

from tests.locations import ROOT


class TooSlowError(Exception):
    """A command was not done in time; the message says after how long."""


def run_limited(arguments: Sequence[str], timeout_s: float) -> subprocess.CompletedProcess[str]:
    """Runs Python with ``arguments`` in the repository's root.

    Raises:
        TooSlowError: it was ended. So was what it had started, which would disturb what is
            measured next.
    """
    command = [sys.executable, *arguments]
    with subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=timeout_s)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise TooSlowError(f"not done after {timeout_s:.0f} s") from error
            raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def last_words(run: subprocess.CompletedProcess[str]) -> str:
    """The last line that a command wrote; with its exit code where that is not the reason."""
    lines = (run.stdout + run.stderr).strip().splitlines()
    said = lines[-1] if lines else "it said nothing"
    return said if lines and run.returncode > 0 else f"exit code {run.returncode}: {said}"
