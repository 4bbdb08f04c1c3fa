from __future__ import annotations

import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import onnxruntime
import pytest

from models.backends.base import Backend, BackendError, BackendUnavailableError
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.openvino_backend import OpenVinoBackend
from models.backends.selection import choose_backend
from models.engine_folder import CERTIFICATE_FILE, PLAN_FILE, EngineFolderError
from models.weights import WeightsError, read_weights
from tests.locations import DEMO_CLIP, ROOT
from tests.models.engine_folders import write_folder
from tests.models.tiny_model import TINY_SPEC, write_tiny_model

WITHOUT_GPU = pytest.mark.skipif(
    Path("/dev/nvidiactl").exists(), reason="is about machines without an NVIDIA GPU"
)

WITHOUT_CUDA = pytest.mark.skipif(
    "CUDAExecutionProvider" in onnxruntime.get_available_providers(),
    reason="is about the ONNX Runtime for processors",
)


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_tiny_model(tmp_path)


def uninstall(monkeypatch: pytest.MonkeyPatch, *packages: str) -> None:
    """Makes the import of ``packages`` fail, as if they were not installed."""
    for package in packages:
        monkeypatch.setitem(sys.modules, package, None)
        for module in (f"{package}_backend", f"{package}_without_telemetry"):
            monkeypatch.delitem(sys.modules, f"models.backends.{module}", raising=False)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_an_input_size_for_cpus_counts_where_no_other_is_named(name: str, weights: Path) -> None:
    assert choose_backend(name, weights, None, cpu_input_size=64).spec.width == 64
    both = choose_backend(name, weights, None, input_size=96, cpu_input_size=64)
    assert both.spec.width == 96


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_a_runtime_named_is_the_one_given(name: str, weights: Path) -> None:
    with choose_backend(name, weights, None) as backend:
        assert backend.info.backend == name
        assert backend.info.passed_over == ()


@WITHOUT_GPU
def test_auto_without_a_gpu_says_so_and_runs_on_the_processor(
    weights: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with choose_backend("auto", weights, None) as backend:
        assert backend.info.backend == "openvino"
        (notice,) = backend.info.passed_over
    assert notice.startswith("tensorrt is not used: There is no NVIDIA GPU")
    assert [record.message for record in caplog.records if record.levelno == logging.WARNING][
        :1
    ] == [notice]


@WITHOUT_GPU
def test_auto_says_everything_that_it_passes_over(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(monkeypatch, "openvino")
    with choose_backend("auto", weights, None) as backend:
        assert backend.info.backend == "onnxruntime"
        _, notice = backend.info.passed_over
    assert "openvino is not used: OpenVINO is not installed" in notice
    assert "pip install -r requirements.txt" in notice


@WITHOUT_GPU
def test_auto_with_no_runtime_at_all_fails_with_every_reason(
    weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(monkeypatch, "openvino", "onnxruntime")
    with pytest.raises(BackendError, match=r"tensorrt .*openvino .*onnxruntime "):
        choose_backend("auto", weights, None)


@WITHOUT_GPU
def test_tensorrt_named_never_becomes_another(weights: Path, tmp_path: Path) -> None:
    for engine_folder in (None, tmp_path):
        with pytest.raises(BackendUnavailableError, match="no NVIDIA GPU"):
            choose_backend("tensorrt", weights, engine_folder)


def test_on_a_gpu_auto_tries_what_runs_there_before_any_processor(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.backends.selection._NVIDIA_DEVICE", tmp_path)
    monkeypatch.setattr("models.backends.selection.ENGINES_FOLDER", tmp_path)
    tried = []

    def refuse(backend: Backend) -> NoReturn:
        tried.append(f"{backend.name}{' on the GPU' if getattr(backend, '_on_gpu', False) else ''}")
        raise BackendError("It does not work.")

    monkeypatch.setattr(OnnxRuntimeBackend, "_activate", refuse)
    monkeypatch.setattr(OpenVinoBackend, "_activate", refuse)
    with pytest.raises(BackendError) as caught, choose_backend("auto", weights, None):
        pass
    assert tried == ["onnxruntime on the GPU", "openvino", "onnxruntime"]
    order = ("tensorrt is", "onnxruntime on the GPU is", "openvino is", "onnxruntime is")
    places = [str(caught.value).index(f"{name} not used: ") for name in order]
    assert places == sorted(places)


@WITHOUT_CUDA
@pytest.mark.parametrize("name", ["auto", "onnxruntime"])
def test_a_gpu_that_onnx_runtime_cannot_use_is_said_and_not_passed_over_in_silence(
    name: str, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.backends.selection._NVIDIA_DEVICE", tmp_path)
    monkeypatch.setattr("models.backends.selection.ENGINES_FOLDER", tmp_path)
    with choose_backend(name, weights, None) as backend:
        assert backend.info.backend == ("openvino" if name == "auto" else "onnxruntime")
        notice = backend.info.passed_over[-1]
    assert notice.startswith("onnxruntime on the GPU is not used: This ONNX Runtime was built with")


def test_a_gpu_without_an_engine_says_how_to_build_one(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.backends.selection._NVIDIA_DEVICE", tmp_path)
    engines = tmp_path / "engines"
    monkeypatch.setattr("models.backends.selection.ENGINES_FOLDER", engines)
    write_folder(engines / "of-other-weights")
    with pytest.raises(BackendUnavailableError, match=r"engine_builder/build\.py --fp16"):
        choose_backend("tensorrt", weights, None)
    (notice,) = choose_backend("auto", weights, None).info.passed_over
    assert "engine_builder/build.py --fp16" in notice


def test_the_engine_of_the_weights_is_found(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines = tmp_path / "engines"
    monkeypatch.setattr("models.backends.selection._NVIDIA_DEVICE", tmp_path)
    monkeypatch.setattr("models.backends.selection.ENGINES_FOLDER", engines)
    write_folder(engines / "of-other-weights")
    sha256 = read_weights(weights).sha256
    small = replace(TINY_SPEC, height=64, width=64)
    write_folder(engines / "smaller", onnx_sha256=sha256, spec=small, target="sm_98")
    write_folder(engines / "whole", onnx_sha256=sha256, spec=TINY_SPEC, target="sm_99")
    backend = choose_backend("tensorrt", weights, None)
    assert backend.info.backend == "tensorrt"
    assert "sm_99" in backend.info.device
    assert "sm_98" in choose_backend("tensorrt", weights, None, input_size=64).info.device
    assert "sm_99" in choose_backend("auto", weights, None, cpu_input_size=64).info.device
    command = r"build\.py --fp16 --onnx \S+tiny\.onnx --size 96$"
    with pytest.raises(BackendUnavailableError, match=command):
        choose_backend("tensorrt", weights, None, input_size=96)


def test_an_engine_that_was_named_is_used_or_refused(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the runtime: another one would not be what was asked for."""
    monkeypatch.setattr("models.backends.selection._NVIDIA_DEVICE", tmp_path)
    write_folder(tmp_path / "engine", target="sm_99")
    damaged = tmp_path / "damaged"
    write_folder(damaged)
    (damaged / PLAN_FILE).write_bytes(b"damaged")
    for name in ("auto", "tensorrt"):
        assert "sm_99" in choose_backend(name, weights, tmp_path / "engine").info.device
        with pytest.raises(EngineFolderError, match="there is no such engine folder"):
            choose_backend(name, weights, tmp_path / "no-engine")
        with pytest.raises(EngineFolderError, match="is not the file that was certified"):
            choose_backend(name, weights, damaged)


def test_an_engine_that_was_found_and_is_refused_is_passed_over(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.backends.selection._NVIDIA_DEVICE", tmp_path)
    monkeypatch.setattr("models.backends.selection.ENGINES_FOLDER", tmp_path)
    sha256 = read_weights(weights).sha256
    write_folder(tmp_path / "damaged", onnx_sha256=sha256, spec=TINY_SPEC)
    (tmp_path / "damaged" / CERTIFICATE_FILE).write_bytes(b"damaged")
    with choose_backend("auto", weights, None) as backend:
        notice = backend.info.passed_over[0]
    assert "the engine damaged is not used" in notice
    assert "was changed or is malformed; build it again with" in notice

    write_folder(tmp_path / "whole", onnx_sha256=sha256, spec=TINY_SPEC, target="sm_99")
    backend = choose_backend("tensorrt", weights, None)
    assert "sm_99" in backend.info.device
    assert backend.info.passed_over == ()


INTERRUPTED_WHILE_A_RUNTIME_LOADS = """
import os, signal, sys, time

class Finder:
    def find_spec(self, name, path, target=None):
        if name == sys.argv[1]:
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.1)
            except KeyboardInterrupt:
                raise ImportError("cannot initialise, as native libraries say") from None

sys.meta_path.insert(0, Finder())
from app.cli import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize("package", ["openvino", "onnxruntime", "pyarrow"])
def test_an_interruption_while_a_library_loads_is_one(package: str, tmp_path: Path) -> None:
    backend = "auto" if package == "openvino" else "onnxruntime"
    words = ["replay", str(DEMO_CLIP), "-o", str(tmp_path / "out"), "--backend", backend]
    command = [sys.executable, "-c", INTERRUPTED_WHILE_A_RUNTIME_LOADS, package, *words]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (130, "")
    assert result.stderr.splitlines()[-1] == "Interrupted."
    assert "not installed" not in result.stderr
    assert not (tmp_path / "out" / DEMO_CLIP.stem).exists()


@pytest.mark.parametrize("package", ["openvino", "onnxruntime"])
def test_a_named_runtime_that_is_absent_says_how_to_install_it(
    package: str, weights: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uninstall(monkeypatch, package)
    with pytest.raises(BackendUnavailableError, match="pip install -r"):
        choose_backend(package, weights, None)


def test_weights_that_are_refused_are_no_reason_to_fall_back(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no model")
    for name in ("auto", "openvino", "onnxruntime"):
        with pytest.raises(WeightsError, match=r"broken\.onnx"):
            choose_backend(name, path, None)


def test_a_name_that_is_none_lists_those_that_are(weights: Path) -> None:
    with pytest.raises(ValueError, match="auto, tensorrt, openvino, onnxruntime"):
        choose_backend("torch", weights, None)
