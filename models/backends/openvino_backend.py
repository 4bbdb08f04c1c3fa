"""OpenVINO on the CPU."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.backends.base import Backend, BackendError, BackendInfo, reason
from models.backends.openvino_precision import compile_for_latency, permitted_precision
from models.backends.openvino_without_telemetry import openvino
from models.backends.processor import processor_name
from models.weights import read_weights


class OpenVinoBackend(Backend):
    """Runs a deployable ONNX file in BF16 where that leaves the masks as they are, else in FP32.

    Raises:
        models.weights.WeightsError: ``path`` is no deployable model, or was changed.
    """

    name: ClassVar[str] = "openvino"

    def __init__(self, path: Path) -> None:
        self._weights = read_weights(path)
        super().__init__(self._weights.spec)
        self._request: openvino.InferRequest | None = None
        self._precision = ""

    @property
    def info(self) -> BackendInfo:
        version = openvino.get_version().split("-")[0]
        return BackendInfo(
            self.name, version, processor_name(), self._precision, self._weights.sha256
        )

    def _activate(self) -> None:
        try:
            core = openvino.Core()
            model = core.read_model(self._weights.content)
            self._precision = permitted_precision(core, model, self._weights)
            self._request = compile_for_latency(core, model, self._precision).create_infer_request()
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO cannot load {self._weights.path} ({reason(error)}); "
                "export it again, or name another runtime with --backend."
            ) from error

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        assert self._request is not None
        try:
            # The request keeps its output buffer; without sharing, results are copies.
            outputs = self._request.infer(
                {self.spec.input_name: frame[np.newaxis]}, share_inputs=True, share_outputs=False
            )
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO failed on a frame ({reason(error)}); start it again."
            ) from error
        probability = np.asarray(outputs[self.spec.output_name], np.uint8)
        return probability.reshape(self.spec.height, self.spec.width)

    def _deactivate(self) -> None:
        self._request = None
