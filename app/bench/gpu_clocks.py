"""At which clocks NVIDIA's GPUs run, as its own tool says."""

from __future__ import annotations

import csv
import shutil
import subprocess
from dataclasses import dataclass

_FIELDS = ("name", "clocks.sm", "clocks.mem", "temperature.gpu", "power.draw")
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class GpuClocks:
    """One GPU at one moment; what its driver does not tell is None."""

    name: str
    sm_mhz: float | None
    memory_mhz: float | None
    temperature_c: float | None
    power_w: float | None


def gpu_clocks() -> list[GpuClocks]:
    """Of every GPU; empty where there is none, or no driver that answers."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    query = [tool, f"--query-gpu={','.join(_FIELDS)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(
            query, capture_output=True, text=True, timeout=_PATIENCE_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return []
    rows = csv.reader(answer.stdout.splitlines(), skipinitialspace=True)
    return [GpuClocks(row[0], *map(_number, row[1:])) for row in rows if len(row) == len(_FIELDS)]


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None  # such as [N/A]
