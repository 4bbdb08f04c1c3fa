"""ONNX Runtime's CUDA provider: as far as that goes without a GPU, and on one."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from models.backends.base import BackendError
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.weights import DEFAULT_WEIGHTS
from tests.models.tiny_model import (
    tiny_answer,
    write_quantised_tiny_model,
    write_tiny_model,
)

_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


@dataclass
class Gpu:
    """What an ONNX Runtime that was built for CUDA finds; it computes on the processor."""

    starts: bool = True
    answer: Callable[[NDArray[np.uint8]], NDArray[np.uint8]] = lambda probability: probability
    """What the device makes of the right answer."""
    fallback_refused: bool = False
    steps: list[str] = field(default_factory=list)
    """What was done, in order."""


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Gpu:
    """ONNX Runtime as it is with a GPU: its own sessions, of which some say that they run there."""
    found = Gpu()
    session_type: Any = onnxruntime.InferenceSession

    class Session(session_type):  # type: ignore[misc]
        def __init__(self, content: bytes, providers: list[Any]) -> None:
            names = [each if isinstance(each, str) else each[0] for each in providers]
            found.steps.extend(names)
            self._on_gpu = found.starts and names[0] == _CUDA
            super().__init__(content, providers=[_CPU])

        def get_providers(self) -> list[str]:
            return [_CUDA, _CPU] if self._on_gpu else [_CPU]

        def disable_fallback(self) -> None:
            super().disable_fallback()
            found.fallback_refused = self._on_gpu

        def run(self, *given: Any) -> Any:
            (probability,) = super().run(*given)
            return [found.answer(probability) if self._on_gpu else probability]

    def preload() -> None:
        print("Failed to load libcublas.so.13")  # noqa: T201 - as it says it
        found.steps.append("libraries")

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: [_CUDA, _CPU])
    monkeypatch.setattr(onnxruntime, "preload_dlls", preload)
    monkeypatch.setattr(onnxruntime, "InferenceSession", Session)
    return found


def test_cudas_libraries_are_loaded_before_its_provider_needs_them(
    gpu: Gpu,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As Python packages they lie where the system's loader does not look."""
    with (
        caplog.at_level(logging.INFO),
        OnnxRuntimeBackend(write_tiny_model(tmp_path), on_gpu=True) as backend,
    ):
        assert backend.info.device == "NVIDIA GPU"
    assert gpu.steps[:3] == ["libraries", _CUDA, _CPU]
    assert caplog.messages == ["ONNX Runtime: Failed to load libcublas.so.13"]
    assert capsys.readouterr().out == ""


def test_what_works_is_proven_against_the_processor_and_then_used(gpu: Gpu, tmp_path: Path) -> None:
    frame = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    with OnnxRuntimeBackend(write_tiny_model(tmp_path), on_gpu=True) as backend:
        assert gpu.steps == ["libraries", _CUDA, _CPU, _CPU]
        assert gpu.fallback_refused, "or a later frame on which CUDA fails goes to the processor"
        assert np.abs(backend.infer(frame) - tiny_answer(frame)).max() <= 0.5


def test_on_the_processor_cuda_is_not_touched(gpu: Gpu, tmp_path: Path) -> None:
    with OnnxRuntimeBackend(write_tiny_model(tmp_path)) as backend:
        assert backend.info.device != "NVIDIA GPU"
    assert gpu.steps == [_CPU]


def test_where_cuda_does_not_start_nothing_else_runs_in_its_place(gpu: Gpu, tmp_path: Path) -> None:
    gpu.starts = False
    backend = OnnxRuntimeBackend(write_tiny_model(tmp_path), on_gpu=True)
    with pytest.raises(BackendError, match=r"could not start CUDA.*requirements-gpu\.txt"), backend:
        pass
    assert backend.info.device != "NVIDIA GPU"


@pytest.mark.parametrize(
    "answer", [np.zeros_like, lambda probability: 255 - probability], ids=["zeros", "the contrary"]
)
def test_a_gpu_that_sees_something_else_is_not_used(
    gpu: Gpu, tmp_path: Path, answer: Callable[[NDArray[np.uint8]], NDArray[np.uint8]]
) -> None:
    gpu.answer = answer
    backend = OnnxRuntimeBackend(write_tiny_model(tmp_path), on_gpu=True)
    with pytest.raises(BackendError, match=r"does not see .*Dice 0\.\d\d.*at least 0\.99"), backend:
        pass


def test_one_that_fails_on_the_reference_frame_is_not_used(gpu: Gpu, tmp_path: Path) -> None:
    def fails(probability: NDArray[np.uint8]) -> NDArray[np.uint8]:
        raise RuntimeError("CUDA error 700")

    gpu.answer = fails
    backend = OnnxRuntimeBackend(write_tiny_model(tmp_path), on_gpu=True)
    with pytest.raises(BackendError, match=r"failed on a frame \(CUDA error 700\)"), backend:
        pass


def test_without_a_frame_to_try_it_on_it_is_not_used(
    gpu: Gpu, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.backends.reference_frames.REFERENCE_FOLDER", tmp_path)
    backend = OnnxRuntimeBackend(write_tiny_model(tmp_path), on_gpu=True)
    with pytest.raises(BackendError, match="On no reference frame"), backend:
        pass


def test_what_is_quantised_for_processors_stays_there(gpu: Gpu, tmp_path: Path) -> None:
    """CUDA would compute it in FP32, and what is said to run would be wrong."""
    path = write_quantised_tiny_model(tmp_path)
    with OnnxRuntimeBackend(path) as backend:
        assert backend.info.precision == "INT8"
    with pytest.raises(BackendError, match="quantised for processors"):
        OnnxRuntimeBackend(path, on_gpu=True).__enter__()


@pytest.mark.skipif(
    _CUDA in onnxruntime.get_available_providers(), reason="is about the package for processors"
)
def test_a_package_without_cuda_says_which_one_has_it(tmp_path: Path) -> None:
    backend = OnnxRuntimeBackend(write_tiny_model(tmp_path), on_gpu=True)
    with pytest.raises(BackendError, match="pip uninstall onnxruntime"), backend:
        pass


@pytest.mark.gpu
@pytest.mark.skipif(
    _CUDA not in onnxruntime.get_available_providers(), reason="needs onnxruntime-gpu"
)
def test_on_a_gpu_it_works() -> None:
    with OnnxRuntimeBackend(DEFAULT_WEIGHTS, on_gpu=True) as backend:
        assert backend.info.device == "NVIDIA GPU"
