"""A built engine on an NVIDIA GPU, by TensorRT or TensorRT for RTX."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from models.backends.base import Backend, BackendError, BackendInfo, BackendUnavailableError
from models.backends.tensorrt_engine import (
    TensorRTEngine,
    load_tensorrt,
    require_fitting,
)
from models.engine_folder import open_engine_folder, rebuilding
from models.engine_proof import EngineProof
from models.geometry import Area
from models.interruptions import interruptions_held
from models.picture import Picture

if TYPE_CHECKING:
    from models.backends.cuda.fast_path import FastPath

LEAST_DICE = 0.9
"""On the proof's frame. Half precision and INT8 keep more; what fails here is broken."""


class TensorRTBackend(Backend):
    """Pictures go to the device as they were decoded; the 8-bit probability comes back.

    While one picture runs, the next is copied and uploaded, if it is begun in time.

    Raises:
        models.engine_folder.EngineFolderError: the engine is missing, or any byte of it is not as
            certified.
    """

    name: ClassVar[str] = "tensorrt"

    def __init__(self, engine_folder: Path) -> None:
        self._folder = engine_folder
        self._engine = open_engine_folder(engine_folder)
        super().__init__(self._engine.certificate.spec)
        self._device_name = f"NVIDIA {self._engine.certificate.target}"

    @property
    def info(self) -> BackendInfo:
        certificate = self._engine.certificate
        return BackendInfo(
            self.name,
            f"{certificate.flavour} {certificate.version}",
            self._device_name,
            certificate.precision,
            certificate.plan_sha256,
        )

    def _activate(self) -> None:
        _require_cuda_modules()
        from models.backends.cuda.device import Device, device_errors
        from models.backends.cuda.fast_path import LANES, FastPath

        with device_errors(), ExitStack() as cleanup:
            device = Device()
            cleanup.callback(device.close)
            certificate = self._engine.certificate
            require_fitting(self._folder, certificate, device.target)
            trt = load_tensorrt(self._folder, certificate)
            engine = TensorRTEngine(trt, self._folder, self._engine)
            cleanup.callback(engine.close)
            path = FastPath(self._engine.kernels, self.spec, engine.create_context)
            cleanup.callback(path.close)
            self._prove(path)
            engine.store_cache()
            self._device_name = device.name
            self.depth = LANES
            self._path = path
            self._cleanup = cleanup.pop_all()

    def _prove(self, path: FastPath) -> None:
        """Runs the proof's frame on every lane, which warms them up as well.

        Raises:
            BackendError: the engine does not see on it what it should.
        """
        proof = EngineProof.from_bytes(self._engine.proof)
        picture = Picture(proof.frame)
        begun = [path.begin(picture, picture.whole) for _ in path.lanes]
        for finish in begun:
            dice = proof.dice(finish(), self.spec.threshold)
            if dice < LEAST_DICE:
                raise BackendError(
                    "The engine does not see on this GPU what it should (Dice "
                    f"{dice:.2f}, at least {LEAST_DICE} is needed); update the GPU's driver, or "
                    f"build it again {rebuilding(self._folder, self._engine.certificate)}"
                )

    def infer_picture(self, picture: Picture, area: Area) -> NDArray[np.uint8]:
        """Converts and resizes on the device; otherwise as in the base."""
        return self.begin_picture(picture, area)()

    def begin_picture(self, picture: Picture, area: Area) -> Callable[[], NDArray[np.uint8]]:
        """Queues everything that ``infer_picture`` does; up to ``depth`` are on their way."""
        self._require_active()
        started_ns = time.monotonic_ns()
        finish = self._path.begin(picture, area)
        self.preprocess_ns = time.monotonic_ns() - started_ns
        return finish

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        picture = Picture(frame)
        return self.infer_picture(picture, picture.whole)

    def _pin(self, memory: NDArray[np.uint8]) -> None:
        self._path.pin(memory)

    def _deactivate(self) -> None:
        del self._path
        self._cleanup.close()


def _require_cuda_modules() -> None:
    """Says in one sentence what is missing, before anything of it is used.

    Raises:
        BackendUnavailableError: pycuda, cuda-bindings or the driver is not installed.
    """
    for module, package in (("pycuda.driver", "pycuda"), ("cuda.bindings.driver", "cuda-bindings")):
        try:
            with interruptions_held():
                importlib.import_module(module)
        except ModuleNotFoundError as error:
            raise BackendUnavailableError(
                f"TensorRT needs {package}, which is not installed; "
                "install it with: pip install -r requirements-gpu.txt"
            ) from error
        except ImportError as error:
            raise BackendUnavailableError(
                f"{package} found no NVIDIA driver ({error}); "
                "install it, or choose another --backend."
            ) from error
