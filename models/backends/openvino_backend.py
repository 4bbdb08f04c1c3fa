"""OpenVINO on the CPU."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from models.backends.base import Aim, Backend, BackendError, BackendInfo, reason
from models.backends.openvino_precision import compile_for_cpu, permitted_precision
from models.backends.openvino_without_telemetry import openvino
from models.backends.processor import processor_name
from models.geometry import Area
from models.picture import Picture
from models.weights import read_weights


class OpenVinoBackend(Backend):
    """Runs a deployable ONNX file in BF16 where that leaves the masks as they are, else in FP32.

    A quantised file runs in INT8. For latency all threads share each picture; for throughput every
    stream has its own, and no thread waits for another. The two may differ by a level here and
    there.

    Args:
        input_size: side in pixels to which the model's input is brought; None leaves it.
        precision: ``FP32`` or ``BF16``, whatever it does to the masks; None chooses.

    Raises:
        models.weights.WeightsError: ``path`` is no deployable model, or was changed.
    """

    name: ClassVar[str] = "openvino"

    def __init__(
        self,
        path: Path,
        aim: Aim = Aim.LATENCY,
        input_size: int | None = None,
        precision: str | None = None,
    ) -> None:
        self._weights = read_weights(path, input_size)
        super().__init__(self._weights.spec)
        self._aim = aim
        self._requests: deque[openvino.InferRequest] = deque()
        """The one to begin next comes first."""
        self._asked_precision = precision
        self._precision = ""

    @property
    def info(self) -> BackendInfo:
        version = openvino.get_version().split("-")[0]
        return BackendInfo(
            self.name, version, processor_name(), self._precision, self._weights.sha256
        )

    def begin_picture(self, picture: Picture, area: Area) -> Callable[[], NDArray[np.uint8]]:
        """Begins the inference; up to ``depth`` run at a time."""
        self._require_active()
        return self._begin(self._model_input(picture, area))

    def _activate(self) -> None:
        try:
            core = openvino.Core()
            model = core.read_model(self._weights.content)
            self._precision = self._asked_precision or permitted_precision(
                core, model, self._weights
            )
            compiled = compile_for_cpu(core, model, self._precision, self._aim)
            self.depth = 1
            if self._aim is Aim.THROUGHPUT:
                # One more than run at a time, so that a stream that is done finds its next.
                self.depth = compiled.get_property("NUM_STREAMS") + 1
            self._requests = deque(compiled.create_infer_request() for _ in range(self.depth))
        except RuntimeError as error:
            raise BackendError(
                f"OpenVINO cannot load {self._weights.path} ({reason(error)}); "
                "export it again, or name another runtime with --backend."
            ) from error

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return self._begin(frame)()

    def _begin(self, frame: NDArray[np.uint8]) -> Callable[[], NDArray[np.uint8]]:
        request = self._requests[0]
        self._requests.rotate(-1)
        with _failures():
            request.start_async({self.spec.input_name: frame[np.newaxis]}, share_inputs=True)

        def finish() -> NDArray[np.uint8]:
            with _failures():
                request.wait()
            # The request keeps its output buffer, and writes the next answer to it.
            probability = np.array(request.get_output_tensor().data, np.uint8)
            return probability.reshape(self.spec.height, self.spec.width)

        return finish

    def _deactivate(self) -> None:
        for request in self._requests:
            with suppress(RuntimeError):
                request.wait()  # for what was begun and never finished
        self._requests.clear()


@contextmanager
def _failures() -> Iterator[None]:
    """Turns what OpenVINO raises on a frame into a BackendError of one sentence."""
    try:
        yield
    except RuntimeError as error:
        raise BackendError(
            f"OpenVINO failed on a frame ({reason(error)}); start it again."
        ) from error
