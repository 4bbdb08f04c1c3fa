"""How long ``build.py`` takes for an FP16 engine for SM75, from ONNX to certificate."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time

from tests.bench.report import Figure
from tests.locations import ROOT


def measure() -> list[Figure]:
    with tempfile.TemporaryDirectory() as folder:
        command = ["engine_builder/build.py", "--fp16", "--target", "sm_75", "--output", folder]
        begun_s = time.perf_counter()
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True)
        duration_s = time.perf_counter() - begun_s
    return [Figure("build.py --fp16 --target sm_75", duration_s, "s", at_most=30)]
