"""The TensorRT backend as far as it goes without a GPU: refusals, and what it never touches."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.backends.base import BackendInfo, BackendUnavailableError
from models.backends.tensorrt_backend import TensorRTBackend
from models.engine_folder import PLAN_FILE, EngineFolderError
from models.spec import ModelSpec
from tests.locations import ROOT
from tests.models.engine_folders import write_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_folder(tmp_path / "engine")
    return tmp_path / "engine"


def test_before_it_is_entered_it_says_what_the_certificate_says(folder: Path) -> None:
    backend = TensorRTBackend(folder)
    assert backend.spec == ModelSpec()
    assert backend.info == BackendInfo(
        "tensorrt",
        "tensorrt_rtx 1.7.1.116",
        "NVIDIA sm_75",
        "FP16",
        hashlib.sha256((folder / PLAN_FILE).read_bytes()).hexdigest(),
    )


def test_it_runs_nothing_before_it_is_entered(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="not active"):
        TensorRTBackend(folder).infer(np.zeros((352, 352, 3), np.uint8))


@pytest.mark.parametrize("name", ["engine.plan", "kernels.cubin", "certificate.json"])
def test_a_changed_byte_is_refused_before_anything_is_loaded(folder: Path, name: str) -> None:
    path = folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(EngineFolderError, match=r"build\.py"):
        TensorRTBackend(folder)


def test_making_one_loads_neither_cuda_nor_tensorrt(folder: Path) -> None:
    program = f"""
import json, sys
from pathlib import Path
from models.backends.tensorrt_backend import TensorRTBackend
TensorRTBackend(Path({str(folder)!r}))
print(json.dumps(sorted({{name.partition(".")[0] for name in sys.modules}})))
"""
    answer = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"pycuda", "cuda", "tensorrt", "tensorrt_rtx", "torch"} & set(
        json.loads(answer.stdout)
    )


@pytest.mark.skipif(importlib.util.find_spec("pycuda") is not None, reason="pycuda is installed")
def test_without_pycuda_the_error_says_how_to_get_it(folder: Path) -> None:
    with (
        pytest.raises(BackendUnavailableError, match=r"pip install -r requirements-gpu\.txt"),
        TensorRTBackend(folder),
    ):
        pytest.fail("entered without pycuda")
