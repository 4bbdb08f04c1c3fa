"""ONNX Runtime where it has a CUDA provider, as far as that goes without a GPU."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnxruntime
import pytest

from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from tests.models.tiny_model import write_tiny_model


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done, in order, with an ONNX Runtime that was built for CUDA and finds no GPU."""
    done: list[str] = []
    session = onnxruntime.InferenceSession

    def preload() -> None:
        print("Failed to load libcublas.so.13")  # noqa: T201 - as it says it
        done.append("libraries")

    def start(content: bytes, providers: list[Any]) -> Any:
        done.extend(each if isinstance(each, str) else each[0] for each in providers)
        return session(content, providers=["CPUExecutionProvider"])

    def attribute(name: str, value: Callable[..., Any]) -> None:
        monkeypatch.setattr(onnxruntime, name, value)

    attribute("get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"])
    attribute("preload_dlls", preload)
    attribute("InferenceSession", start)
    return done


def test_cudas_libraries_are_loaded_before_its_provider_needs_them(
    steps: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As Python packages they lie where the system's loader does not look."""
    with (
        caplog.at_level(logging.INFO),
        OnnxRuntimeBackend(write_tiny_model(tmp_path)) as backend,
    ):
        assert backend.info.device != "NVIDIA GPU"
    assert steps == ["libraries", "CUDAExecutionProvider", "CPUExecutionProvider"]
    assert caplog.messages == [
        "ONNX Runtime: Failed to load libcublas.so.13",
        "ONNX Runtime could not start CUDA and runs on the processor instead.",
    ]
    assert capsys.readouterr().out == ""
