"""A built engine on an NVIDIA GPU, by TensorRT or TensorRT for RTX."""

from __future__ import annotations

import importlib
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from models.backends.base import Backend, BackendInfo, BackendUnavailableError
from models.backends.tensorrt_engine import TensorRTEngine, load_tensorrt, require_fitting
from models.engine_folder import open_engine_folder
from models.geometry import Area
from models.picture import Picture

if TYPE_CHECKING:
    from models.backends.cuda.fast_path import FastPath


class TensorRTBackend(Backend):
    """Pictures go to the device as they were decoded; the 8-bit probability comes back.

    Raises:
        models.engine_folder.EngineFolderError: the engine is missing, or any byte of it is not as
            certified.
    """

    name: ClassVar[str] = "tensorrt"

    def __init__(self, engine_folder: Path) -> None:
        self._folder = open_engine_folder(engine_folder)
        super().__init__(self._folder.certificate.spec)
        self._device_name = f"NVIDIA {self._folder.certificate.target}"

    @property
    def info(self) -> BackendInfo:
        certificate = self._folder.certificate
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
        from models.backends.cuda.fast_path import FastPath

        with device_errors(), ExitStack() as cleanup:
            device = Device()
            cleanup.callback(device.close)
            certificate = self._folder.certificate
            require_fitting(certificate, device.target)
            engine = TensorRTEngine(load_tensorrt(certificate), self._folder)
            cleanup.callback(engine.close)
            path = FastPath(self._folder.kernels, self.spec, engine.enqueue)
            cleanup.callback(path.close)
            engine.bind(path.input_address, path.output_address)
            self._warm_up(path)
            engine.store_cache()
            self._device_name = device.name
            self._path = path
            self._cleanup = cleanup.pop_all()

    def _warm_up(self, path: FastPath) -> None:
        """Runs a black frame as the first and as the later frames of a video run."""
        frame = Picture(np.zeros((self.spec.height, self.spec.width, 3), np.uint8))
        for _ in range(2):
            path.load(frame, self._whole_frame())
            path.run()

    def infer_picture(self, picture: Picture, area: Area) -> NDArray[np.uint8]:
        """Converts and resizes on the device; otherwise as in the base."""
        self._require_active()
        started_ns = time.monotonic_ns()
        self._path.load(picture, area)
        self.preprocess_ns = time.monotonic_ns() - started_ns
        return self._path.run()

    def _infer(self, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return self.infer_picture(Picture(frame), self._whole_frame())

    def _whole_frame(self) -> Area:
        return Area(0, 0, self.spec.width, self.spec.height)

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
