"""Nothing leaves this machine: OpenVINO's telemetry is never loaded."""

from __future__ import annotations

import subprocess
import sys

from tests.locations import ROOT

_PROGRAM = """
import sys
import models.backends.openvino_backend
print(sorted(name for name in sys.modules if name.startswith("openvino_telemetry.")))
"""


def test_the_backend_loads_no_telemetry() -> None:
    result = subprocess.run(
        [sys.executable, "-c", _PROGRAM], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout == "[]\n"
