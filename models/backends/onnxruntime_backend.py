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

from models.backends.base import (
    Backend,
    BackendError,
    BackendInfo,
    BackendUnavailableError,
    reason,
)
from models.backends.processor import processor_name
from models.backends.reference_frames import reference_files, reference_frame
from models.evaluation.overlap import Overlap
from models.geometry import least_level
from models.weights import read_weights

LEAST_DICE = 0.99
"""Of the GPU's masks and the processor's, both in FP32: what falls below it is broken."""

_CUDA = "CUDAExecutionProvider"
_CPU = "CPUExecutionProvider"

_log = logging.getLogger(__name__)


class OnnxRuntimeBackend(Backend):
    """Runs a deployable ONNX file in the precision of its graph, FP32 or INT8.

    On a GPU it runs in FP32, and is entered only where it sees what the processor sees.

    Args:
        input_size: side in pixels to which the model's input is brought; None leaves it.
        on_gpu: on an NVIDIA GPU through CUDA, and never on the processor instead.

    Raises:
        models.weights.WeightsError: ``path`` is no deployable model, or was changed.
    """

    name: ClassVar[str] = "onnxruntime"

    def __init__(self, path: Path, input_size: int | None = None, *, on_gpu: bool = False) -> None:
        self._weights = read_weights(path, input_size)
        super().__init__(self._weights.spec)
        self._on_gpu = on_gpu
        self._session: onnxruntime.InferenceSession | None = None
        self._device = processor_name()

    @property
    def info(self) -> BackendInfo:
        version = onnxruntime.__version__
        weights = self._weights
        return BackendInfo(self.name, version, self._device, weights.precision, weights.sha256)

    def _activate(self) -> None:
        if not self._on_gpu:
            self._session = self._start(_CPU)
            return
        session = self._start_on_gpu()
        self._prove(session)
        self._session = session
        self._device = "NVIDIA GPU"

    def _start(self, *providers: str | tuple[str, dict[str, str]]) -> onnxruntime.InferenceSession:
        try:
            return onnxruntime.InferenceSession(self._weights.content, providers=list(providers))
        except Exception as error:  # ONNX Runtime's errors share no base class of their own
            raise BackendError(
                f"ONNX Runtime cannot load {self._weights.path} ({reason(error)}); "
                "export it again, or name another runtime with --backend."
            ) from error

    def _start_on_gpu(self) -> onnxruntime.InferenceSession:
        """A session that runs through CUDA and fails where CUDA does."""
        if _CUDA not in onnxruntime.get_available_providers():
            raise BackendUnavailableError(
                "This ONNX Runtime was built without CUDA; replace it with: "
                "pip uninstall onnxruntime && pip install -r requirements-gpu.txt"
            )
        if self._weights.precision == "INT8":
            raise BackendUnavailableError(
                f"{self._weights.path} is quantised for processors; name other weights."
            )
        _load_cuda()
        # TF32 keeps ten bits of the mantissa: that would not be FP32.
        options = {"use_tf32": "0", "cudnn_conv_algo_search": "HEURISTIC"}
        session = self._start((_CUDA, options), _CPU)
        if session.get_providers()[0] != _CUDA:
            raise BackendError(
                "ONNX Runtime could not start CUDA; update the GPU's driver, and install CUDA's "
                "libraries with: pip install -r requirements-gpu.txt"
            )
        session.disable_fallback()  # it would go on on the processor, after any frame
        return session

    def _prove(self, session: onnxruntime.InferenceSession) -> None:
        """Holds the GPU's masks against the processor's, on a frame where that marks something.

        Raises:
            BackendError: they differ, or there is no such frame, and nothing would tell a broken
                one from a sound one.
        """
        level = least_level(self.spec.threshold)
        processor = self._start(_CPU)
        for content in reference_files():
            frame = reference_frame(content, self.spec)
            wanted = self._run(processor, frame) >= level
            if not wanted.any():
                continue
            dice = Overlap.of(self._run(session, frame) >= level, wanted).dice
            if dice < LEAST_DICE:
                raise BackendError(
                    "ONNX Runtime does not see on this GPU what it sees on the processor (Dice "
                    f"{dice:.2f}, at least {LEAST_DICE} is needed); update the GPU's driver."
                )
            return
        raise BackendError(
            f"On no reference frame does {self._weights.path} mark anything, so nothing shows "
            "whether it runs rightly on this GPU; choose a larger --input-size."
        )

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        assert self._session is not None
        return self._run(self._session, frame)

    def _run(
        self, session: onnxruntime.InferenceSession, frame: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        try:
            probability = session.run(
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
