"""Waiting for what other threads and processes bring about."""

from __future__ import annotations

import time
from collections.abc import Callable

HANG_S = 60.0
"""Nothing that tests wait for takes so long, however busy the machine is."""


def wait_until(
    holds: Callable[[], bool], what: str = "what was waited for", limit_s: float = HANG_S
) -> None:
    """Returns as soon as it holds.

    Raises:
        TimeoutError: it never did.
    """
    until_s = time.monotonic() + limit_s
    while not holds():
        if time.monotonic() > until_s:
            raise TimeoutError(f"{what} did not come within {limit_s:g} s")
        time.sleep(0.002)
