"""Runs the capture tests in the guest."""

from __future__ import annotations

import sys
from typing import IO

from tests.capture.guest import Guest

LIMIT_S = 600.0
"""For starting the guest and all its tests, however busy two cores are."""
CYCLES = 5
SECONDS_PER_CYCLE = 5.0


def run_capture_tests(guest: Guest, output: IO[bytes], cycles: int = CYCLES) -> int:
    """Gives pytest's exit code.

    Args:
        output: gets what pytest and the guest say.
        cycles: how often the card is unplugged, and its signal changed.

    Raises:
        TimeoutError: the guest took too long.
        RuntimeError: the guest died.
    """
    settings = ("PYTHONDONTWRITEBYTECODE=1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD=1")
    pytest = (sys.executable, "-m", "pytest", "-p", "pytest_timeout", "-p", "no:cacheprovider")
    options = ("--verbose", "--tb=short", "--cycles", str(cycles))
    limit_s = LIMIT_S + (cycles - CYCLES) * SECONDS_PER_CYCLE
    return guest.run(["env", *settings, *pytest, *options, "tests/capture/vivid"], output, limit_s)
