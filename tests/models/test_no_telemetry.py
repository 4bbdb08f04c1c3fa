"""ONNX Runtime, wherever it is imported, keeps what it does to itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.locations import ROOT

IMPORTERS = ["models.backends.onnxruntime_backend", "engine_builder.agreement", "tests.gpu.check"]


@pytest.mark.parametrize("module", IMPORTERS)
def test_onnxruntime_collects_nothing(module: str, tmp_path: Path) -> None:
    """It files what it is about to send in the user's home, from its import on."""
    program = f"import {module}, onnxruntime; onnxruntime.get_available_providers()"
    home = {"HOME": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    variables = {name: v for name, v in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    subprocess.run([sys.executable, "-c", program], check=True, cwd=ROOT, env=variables | home)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
