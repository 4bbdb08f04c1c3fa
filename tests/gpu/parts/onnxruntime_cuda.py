"""The deployable graph in ONNX Runtime's CUDA provider, input and output on the device.

As it ships, and at its best: in half precision, its launches captured.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from typing import Any

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from engine_builder.images import read_frame, reference_files
from engine_builder.precision import folded, to_half
from models.spec import ModelSpec
from models.weights import DEFAULT_WEIGHTS, read_weights
from tests.gpu.device import clocks_while
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
    # CUDA and cuDNN may have come with PyTorch, which finds its own wherever they are.
    with suppress(ImportError):
        import torch  # noqa: F401
    onnxruntime.preload_dlls()
    frame = read_frame(reference_files(None)[0], weights.spec)
    wanted = _answer_of_cpu(weights.content, weights.spec, frame)
    measured = _measured(weights.content, weights.spec, frame, wanted, iterations, {})
    try:
        half = to_half(folded(onnx.load_model_from_string(weights.content)), frame)
        captured = _measured(
            half.SerializeToString(),
            weights.spec,
            frame,
            wanted,
            iterations,
            {"enable_cuda_graph": "1"},
        )
    except Exception as error:  # noqa: BLE001 - whatever it is, the graph as it ships is measured
        captured = {"refused": f"{type(error).__name__}: {error}"}
    return {**measured, "half_precision_captured": captured}


def _answer_of_cpu(content: bytes, spec: ModelSpec, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    (probability,) = session.run([spec.output_name], {spec.input_name: frame[None]})
    return np.asarray(probability, np.uint8)


def _measured(
    content: bytes,
    spec: ModelSpec,
    frame: NDArray[np.uint8],
    wanted: NDArray[np.uint8],
    iterations: int,
    options: dict[str, str],
) -> dict[str, Any]:
    session = onnxruntime.InferenceSession(content, providers=[(_CUDA, options)])
    if session.get_providers()[0] != _CUDA:
        raise RuntimeError("ONNX Runtime did not start its CUDA provider")
    binding = session.io_binding()
    # Kept for as long as the binding: captured launches know them by their addresses.
    on_device = onnxruntime.OrtValue.ortvalue_from_numpy(frame[None], "cuda", 0)
    answer = onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros_like(wanted), "cuda", 0)
    binding.bind_ortvalue_input(spec.input_name, on_device)
    binding.bind_ortvalue_output(spec.output_name, answer)

    def step() -> None:
        session.run_with_iobinding(binding)
        binding.synchronize_outputs()

    alone = latency(step, iterations)
    difference = np.abs(answer.numpy().astype(np.int16) - wanted)
    return {
        "network_alone": asdict(alone),
        "mean_difference_from_cpu": round(float(difference.mean()), 4),
        "clocks": clocks_while(step),
    }
