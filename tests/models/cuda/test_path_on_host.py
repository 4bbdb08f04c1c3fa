"""The fast path without a GPU: on a driver whose device is the host."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.locations import ROOT
from tests.models.cuda.host_kernels import build

HERE = Path(__file__).parent / "host_driver"


def test_the_fast_path_on_a_driver_whose_device_is_the_host(tmp_path: Path) -> None:
    name = "libcuda.so.1"
    options = ("-O2", "-shared", "-fPIC", f"-Wl,-soname,{name}")
    build("host_driver/host_driver.cpp", tmp_path / name, *options)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, str(HERE / "path_on_host.py")],
        cwd=ROOT,
        env={**os.environ, "LD_LIBRARY_PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert " passed" in run.stdout
    assert "skipped" not in run.stdout
