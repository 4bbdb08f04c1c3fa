"""Tests that run in a process of their own, on a driver that is built for them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.locations import ROOT

DRIVER = "libcuda.so.1"
DRIVER_OPTIONS = ("-O2", "-shared", "-fPIC", f"-Wl,-soname,{DRIVER}")
"""For ``host_kernels.build``."""


def assert_passes_on_driver(tests: Path, libraries: Path) -> None:
    """Every test of the file ``tests`` passes where libraries are looked for in ``libraries``."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, str(tests)],
        cwd=ROOT,
        env={**os.environ, "LD_LIBRARY_PATH": str(libraries)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout
    assert "skipped" not in run.stdout
