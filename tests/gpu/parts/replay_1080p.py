"""A recorded 1080p video from file to files, by the application's own replay."""

from __future__ import annotations

from typing import Any

from app.sources.decoding import Decoding
from app.sources.opening import open_source
from models.backends.base import BackendError
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.weights import DEFAULT_WEIGHTS
from tests.bench.clip import recorded_clip
from tests.bench.throughput import replay_frames_per_s
from tests.gpu.device import clocks
from tests.gpu.engine import build_engine

FRAMES = 1800


def measure(target: str, iterations: int) -> dict[str, Any]:
    """Frames a second once it runs. ``iterations`` is not used: it is a video's worth.

    Raises:
        RuntimeError: neither TensorRT nor ONNX Runtime runs on this GPU.
    """
    backend, refusal = _backend(target)
    clip = recorded_clip(FRAMES)
    with open_source(clip, Decoding.AUTO) as source:
        decoded_on_gpu = source.info.on_gpu
    return {
        "frames": FRAMES,
        "backend": backend,
        "tensorrt_refused": refusal,
        "decoded_on_gpu": decoded_on_gpu,
        "masks_and_table_frames_per_s": replay_frames_per_s(clip, backend, marked_pictures=False),
        "marked_video_too_frames_per_s": replay_frames_per_s(clip, backend, marked_pictures=True),
        "masks_and_table_decoded_on_cpu_frames_per_s": replay_frames_per_s(
            clip, backend, marked_pictures=False, decoding=Decoding.CPU
        ),
        "clocks": clocks(),
    }


def _backend(target: str) -> tuple[str, str]:
    """The runtime that the GPU here gets, and why it is not TensorRT, where it is not."""
    try:
        build_engine(target)
    except RuntimeError as error:
        try:
            with OnnxRuntimeBackend(DEFAULT_WEIGHTS, on_gpu=True):
                pass
        except BackendError as second:
            raise RuntimeError(
                f"neither TensorRT ({error}) nor ONNX Runtime ({second}) runs on this GPU"
            ) from error
        return "onnxruntime", str(error)
    return "tensorrt", ""
