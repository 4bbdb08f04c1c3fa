from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.backends import openvino_precision, reference_frames
from models.backends.openvino_precision import permitted_precision
from models.backends.openvino_without_telemetry import openvino
from models.weights import Weights, read_weights
from tests.locations import ROOT
from tests.models.pictures import scene
from tests.models.tiny_model import write_tiny_model


@pytest.fixture
def core() -> openvino.Core:
    return openvino.Core()


@pytest.fixture
def weights(tmp_path: Path) -> Weights:
    return read_weights(write_tiny_model(tmp_path))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "polyplens"


@pytest.fixture
def references(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "reference"
    folder.mkdir()
    monkeypatch.setattr(reference_frames, "REFERENCE_FOLDER", folder)
    for seed in range(3):
        contrast = scene(48, 64, seed).astype(int) * 4 - 300
        cv2.imwrite(str(folder / f"{seed}.png"), contrast.clip(0, 255).astype(np.uint8))
    return folder


def chosen(core: openvino.Core, weights: Weights) -> str:
    return permitted_precision(core, core.read_model(weights.content), weights)


def needs_bf16(core: openvino.Core) -> None:
    if "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        pytest.skip("needs a processor that computes in BF16")


@pytest.mark.usefixtures("references")
def test_bf16_is_used_where_the_masks_stay(
    core: openvino.Core, weights: Weights, cache: Path
) -> None:
    needs_bf16(core)
    assert chosen(core, weights) == "BF16"
    assert len(list(cache.iterdir())) == 1


@pytest.mark.usefixtures("references", "cache")
def test_fp32_is_used_where_they_do_not(
    core: openvino.Core,
    weights: Weights,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    needs_bf16(core)
    monkeypatch.setattr(openvino_precision, "LEAST_DICE", 1.0)
    for _ in ("measured", "remembered"):
        assert chosen(core, weights) == "FP32"
        assert "BF16 changes the masks" in caplog.records[-1].message
        assert caplog.records[-1].levelno == logging.WARNING


@pytest.mark.usefixtures("cache")
def test_without_frames_to_check_on_fp32_is_used(
    core: openvino.Core,
    weights: Weights,
    references: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    needs_bf16(core)
    for frame in references.iterdir():
        frame.unlink()
    assert chosen(core, weights) == "FP32"
    assert "no frames to check BF16 on" in caplog.text


@pytest.mark.usefixtures("cache")
def test_frames_on_which_nothing_is_marked_prove_nothing(
    core: openvino.Core, weights: Weights, references: Path
) -> None:
    needs_bf16(core)
    for frame in references.iterdir():
        cv2.imwrite(str(frame), np.zeros((48, 64, 3), np.uint8))
    assert chosen(core, weights) == "FP32"


def test_the_result_is_remembered_until_something_changes(
    core: openvino.Core, weights: Weights, references: Path, cache: Path
) -> None:
    needs_bf16(core)
    chosen(core, weights)
    (record,) = cache.iterdir()
    written_ns = record.stat().st_mtime_ns
    chosen(core, weights)
    assert record.stat().st_mtime_ns == written_ns
    (references / "0.png").unlink()
    chosen(core, weights)
    assert len(list(cache.iterdir())) == 2


@pytest.mark.usefixtures("references")
def test_a_damaged_record_is_made_anew(core: openvino.Core, weights: Weights, cache: Path) -> None:
    needs_bf16(core)
    chosen(core, weights)
    (record,) = cache.iterdir()
    whole = record.read_bytes()
    record.write_bytes(whole[:-3])
    assert chosen(core, weights) == "BF16"
    assert record.read_bytes() == whole


def test_the_runtimes_open_no_connection(tmp_path: Path) -> None:
    weights = write_tiny_model(tmp_path)
    script = """
import sys
calls = []
sys.addaudithook(lambda event, _: calls.append(event) if event.startswith("socket.") else None)
import numpy
from pathlib import Path
from models.backends.selection import choose_backend
for name in ("openvino", "onnxruntime"):
    with choose_backend(name, Path(sys.argv[1]), None) as backend:
        backend.infer(numpy.zeros((24, 32, 3), numpy.uint8))
sys.exit(" ".join(calls) or 0)
"""
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    finished = subprocess.run(
        [sys.executable, "-c", script, str(weights)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
