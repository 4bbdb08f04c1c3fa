"""Does TensorRT run at all: build for this GPU, start twice, one inference."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import asdict
from typing import Any

import numpy as np

from models.backends.tensorrt_backend import TensorRTBackend
from models.engine_folder import read_certificate
from tests.gpu.engine import build_engine


def measure(target: str, iterations: int) -> dict[str, Any]:
    """Seconds of each step, and what the certificate says. ``iterations`` is not used.

    The first start finds an empty cache, as on a machine that gets its engine from another one; the
    build has run this engine already.
    """
    started_s = time.perf_counter()
    folder = build_engine(target)
    build_s = time.perf_counter() - started_s
    starts_s = []
    frame = np.random.default_rng(0).integers(0, 256, (352, 352, 3), np.uint8)
    with tempfile.TemporaryDirectory() as cache:
        os.environ["XDG_CACHE_HOME"] = cache
        backend = TensorRTBackend(folder)
        for _ in range(2):
            started_s = time.perf_counter()
            with backend:
                starts_s.append(time.perf_counter() - started_s)
                probability = backend.infer(frame)
    certificate = asdict(read_certificate(folder))
    return {
        "runtime": asdict(backend.info),
        "build_s": build_s,
        "first_start_s": starts_s[0],
        "second_start_s": starts_s[1],
        "largest_probability_on_noise": int(probability.max()),
        "certificate": certificate,
    }
