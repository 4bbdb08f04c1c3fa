"""The deployable graph in ONNX Runtime's CUDA provider, input and output on the device."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import onnxruntime

from models.weights import DEFAULT_WEIGHTS, read_weights
from tests.gpu.device import clocks
from tests.gpu.timing import latency

_CUDA = "CUDAExecutionProvider"


def measure(target: str, iterations: int) -> dict[str, Any]:
    """The latency of the network alone. ``target`` is not used.

    Raises:
        RuntimeError: ONNX Runtime has no CUDA provider, or did not take it.
    """
    weights = read_weights(DEFAULT_WEIGHTS)
    if _CUDA not in onnxruntime.get_available_providers():
        raise RuntimeError("onnxruntime-gpu is not installed")
    onnxruntime.preload_dlls()  # CUDA and cuDNN may have come with PyTorch's wheels
    session = onnxruntime.InferenceSession(weights.content, providers=[_CUDA])
    if session.get_providers()[0] != _CUDA:
        raise RuntimeError("ONNX Runtime did not start its CUDA provider")
    spec = weights.spec
    frame = np.random.default_rng(0).integers(0, 256, (1, spec.height, spec.width, 3), np.uint8)
    binding = session.io_binding()
    on_device = onnxruntime.OrtValue.ortvalue_from_numpy(frame, "cuda", 0)
    binding.bind_ortvalue_input(spec.input_name, on_device)
    binding.bind_output(spec.output_name, "cuda")

    def step() -> None:
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    return {"network_alone": asdict(latency(step, iterations)), "clocks": clocks()}
