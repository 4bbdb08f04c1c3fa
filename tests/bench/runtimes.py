"""The CPU runtimes against torch as the authors run it: eager, FP32, one frame at a time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np
import torch

from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.selection import AUTO, choose_backend
from models.hardnet_mseg import load_checkpoint
from models.weights import DEFAULT_WEIGHTS
from tests.bench.report import Figure

ROUNDS = 30


def measure() -> list[Figure]:
    """One call each in turn, round after round, so that a busy moment falls on all of them."""
    network = load_checkpoint(DEFAULT_WEIGHTS)
    default = choose_backend(AUTO, DEFAULT_WEIGHTS, None)
    spec = default.spec
    frame = np.random.default_rng(0).integers(0, 256, (spec.height, spec.width, 3), np.uint8)
    normalised = torch.zeros(1, 3, spec.height, spec.width).normal_()

    def eager() -> object:
        with torch.inference_mode():
            return network(normalised)

    with default, OnnxRuntimeBackend(DEFAULT_WEIGHTS) as onnxruntime:
        info = default.info
        calls: dict[str, Callable[[], object]] = {
            "torch eager FP32": eager,
            f"{onnxruntime.info.backend} {onnxruntime.info.precision}": (
                lambda: onnxruntime.infer(frame)
            ),
            f"default: {info.backend} {info.precision}": lambda: default.infer(frame),
        }
        durations: dict[str, list[float]] = {name: [] for name in calls}
        for turn in range(ROUNDS + 2):
            for name, call in calls.items():
                begun_s = time.perf_counter()
                call()
                if turn >= 2:
                    durations[name].append(time.perf_counter() - begun_s)
    medians_ms = {name: statistics.median(values) * 1e3 for name, values in durations.items()}
    figures = [Figure(name, value, "ms") for name, value in medians_ms.items()]
    eager_ms, _, default_ms = medians_ms.values()
    return [
        *figures,
        Figure("default runtime over torch eager FP32", eager_ms / default_ms, "ratio", 2.0),
    ]
