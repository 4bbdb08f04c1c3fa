"""ONNX Runtime, on the CPU or through its CUDA provider."""

from __future__ import annotations

import io
import logging
from contextlib import redirect_stdout
from pathlib import Path
from typing import ClassVar

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from models.backends.base import Backend, BackendError, BackendInfo, reason
from models.backends.processor import processor_name
from models.weights import read_weights

_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"

_log = logging.getLogger(__name__)


class OnnxRuntimeBackend(Backend):
    """Runs a deployable ONNX file in the precision of its graph, FP32 or INT8.

    Args:
        input_size: side in pixels to which the model's input is brought; None leaves it.

    Raises:
        models.weights.WeightsError: ``path`` is no deployable model, or was changed.
    """

    name: ClassVar[str] = "onnxruntime"

    def __init__(self, path: Path, input_size: int | None = None) -> None:
        self._weights = read_weights(path, input_size)
        super().__init__(self._weights.spec)
        self._session: onnxruntime.InferenceSession | None = None
        self._device = processor_name()

    @property
    def info(self) -> BackendInfo:
        version = onnxruntime.__version__
        weights = self._weights
        return BackendInfo(self.name, version, self._device, weights.precision, weights.sha256)

    def _activate(self) -> None:
        providers: list[str | tuple[str, dict[str, str]]] = [_CPU]
        if _CUDA in onnxruntime.get_available_providers():
            _load_cuda()
            # TF32 keeps ten bits of the mantissa: that would not be FP32.
            providers.insert(0, (_CUDA, {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}))
        try:
            self._session = onnxruntime.InferenceSession(self._weights.content, providers=providers)
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise BackendError(
                f"ONNX Runtime cannot load {self._weights.path} ({reason(error)}); "
                "export it again, or name another runtime with --backend."
            ) from error
        if self._session.get_providers()[0] == _CUDA:
            self._device = "NVIDIA GPU"
        elif len(providers) > 1:
            _log.warning("ONNX Runtime could not start CUDA and runs on the processor instead.")

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        assert self._session is not None
        try:
            probability = self._session.run(
                [self.spec.output_name], {self.spec.input_name: frame[np.newaxis]}
            )[0]
        except Exception as error:  # no common base class here either
            raise BackendError(
                f"ONNX Runtime failed on a frame ({reason(error)}); start it again."
            ) from error
        return np.asarray(probability, np.uint8).reshape(self.spec.height, self.spec.width)

    def _deactivate(self) -> None:
        self._session = None


def _load_cuda() -> None:
    """Loads CUDA and cuDNN where they came as Python packages: the loader does not look there."""
    with redirect_stdout(io.StringIO()) as said:
        onnxruntime.preload_dlls()
    for line in said.getvalue().splitlines():
        _log.info("ONNX Runtime: %s", line)
