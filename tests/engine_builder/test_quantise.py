"""``python engine_builder/quantise.py``, as a user would run it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.openvino_backend import OpenVinoBackend
from models.weights import read_weights
from tests.engine_builder.conftest import SMALL, SMALL_FRAME, Run
from tests.engine_builder.sentences import assert_one_sentence
from tests.locations import ROOT


def quantise(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "engine_builder" / "quantise.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def int8_model(small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("int8") / "int8.onnx"
    result = quantise("--onnx", small_model, "-o", path)
    assert result.returncode == 0, result.stderr
    assert "mean Dice against FP32" in result.stdout
    return path


def test_the_file_is_deployable_and_half_as_large(int8_model: Path, small_model: Path) -> None:
    weights = read_weights(int8_model)
    assert weights.precision == "INT8"
    assert weights.spec == SMALL
    assert len(weights.content) < 0.6 * small_model.stat().st_size


@pytest.mark.parametrize("maker", [OnnxRuntimeBackend, OpenVinoBackend])
def test_runtimes_run_it_in_int8(
    int8_model: Path, small_model: Path, maker: type[OnnxRuntimeBackend | OpenVinoBackend]
) -> None:
    frame = np.random.default_rng(0).integers(0, 256, SMALL_FRAME, np.uint8)
    with maker(int8_model) as backend, maker(small_model) as whole:
        assert backend.info.precision == "INT8"
        difference = np.abs(backend.infer(frame).astype(int) - whole.infer(frame))
    assert difference.mean() < 8


def test_it_is_the_same_file_each_time(int8_model: Path, small_model: Path, tmp_path: Path) -> None:
    again = tmp_path / "again.onnx"
    assert quantise("--onnx", small_model, "-o", again).returncode == 0
    assert again.read_bytes() == int8_model.read_bytes()


def test_what_is_quantised_is_not_quantised_again_nor_built_from(
    int8_model: Path, build: Run, tmp_path: Path
) -> None:
    result = quantise("--onnx", int8_model, "-o", tmp_path / "twice.onnx")
    assert_one_sentence(result, "quantised already")
    assert not list(tmp_path.iterdir())
    built = build("--fp16", "--onnx", int8_model, "--target", "sm_75", "--output", tmp_path)
    assert_one_sentence(built, "quantised already")


def test_a_folder_without_images_is_named(small_model: Path, tmp_path: Path) -> None:
    result = quantise("--onnx", small_model, "--calibration", tmp_path, "-o", tmp_path / "q.onnx")
    assert_one_sentence(result, "holds no image")
