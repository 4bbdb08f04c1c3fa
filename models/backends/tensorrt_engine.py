"""An engine, deserialised and ready to be queued, by either TensorRT."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.backends.base import BackendError, BackendUnavailableError
from models.backends.cuda.compile import kernels_source_sha256
from models.cache_file import CacheFile
from models.engine_folder import Certificate, EngineFolder, rebuilding
from models.interruptions import interruptions_held
from models.spec import ModelSpec

if TYPE_CHECKING:
    import tensorrt

_log = logging.getLogger(__name__)

_NOT_PREPARED = "TensorRT could not prepare the engine"

RTX = "tensorrt_rtx"
_INSTALL = {
    "tensorrt": "pip install --extra-index-url https://pypi.nvidia.com tensorrt",
    RTX: "pip install tensorrt-rtx-cu13",
}


def require_fitting(folder: Path, certificate: Certificate, target: str) -> None:
    """Refuses an engine of another GPU architecture than ``target``, or with other kernels.

    Args:
        folder: where the engine lies.
        target: the present GPU's, such as ``sm_75``.

    Raises:
        BackendError: it names the command that builds the fitting engine.
    """
    if certificate.target != target:
        raise BackendError(
            f"The engine was built for {certificate.target}, but this GPU is {target}; "
            f"build one for it {rebuilding(folder, certificate, target)}"
        )
    if certificate.kernels_source_sha256 != kernels_source_sha256():
        raise BackendError(
            "The engine's kernels are of another version of PolypLens; "
            f"build it again {rebuilding(folder, certificate)}"
        )


def load_tensorrt(folder: Path, certificate: Certificate) -> Any:
    """The module that the engine in ``folder`` was built with.

    Raises:
        BackendUnavailableError: it is not installed.
        BackendError: another version of it is, or the certificate names no TensorRT.
    """
    if certificate.flavour not in _INSTALL:
        raise BackendError(
            f"The engine's certificate names {certificate.flavour}, which is no TensorRT; build it "
            f"again {rebuilding(folder, certificate)}"
        )
    try:
        with interruptions_held():
            trt: Any = importlib.import_module(certificate.flavour)
        # The stubs for type checking install a folder of the same name with no code in it.
        version = trt.__version__
    except (ImportError, OSError, AttributeError) as error:
        wanted = f"{certificate.flavour} {certificate.version}"
        raise BackendUnavailableError(
            f"The engine needs {wanted}, which is not installed; install it with: "
            f"{_INSTALL[certificate.flavour]}=={certificate.version}"
        ) from error
    if version != certificate.version:
        raise BackendError(
            f"The engine was built with {certificate.flavour} {certificate.version}, but {version} "
            f"is installed; build it again {rebuilding(folder, certificate)}"
        )
    return trt


class TensorRTEngine:
    """A verified engine on the current context's device, which any number of contexts can run.

    ``close`` gives everything back, once its contexts are closed.

    Args:
        trt: what ``load_tensorrt`` gave for this engine.
        folder: where the engine lies.

    Raises:
        BackendError: TensorRT refused the engine, or it is not the network it is certified as.
    """

    def __init__(self, trt: Any, folder: Path, engine: EngineFolder) -> None:
        certificate = engine.certificate
        self._spec = certificate.spec
        self._flavour = certificate.flavour
        self._rebuilding = rebuilding(folder, certificate)
        self._cache_file = CacheFile(f"{certificate.plan_sha256}.rtx-cache")
        self._logger = _logger(trt)
        try:
            self._deserialise(trt, engine.plan)
            self._require_certified_tensors(trt)
            if self._flavour == RTX:
                self._configure()
        except BaseException:
            self.close()
            raise

    # An exception keeps the local variables of the functions it passed through. Runtime, engine and
    # context are therefore held by this object alone: they must be gone before the device is.

    def _deserialise(self, trt: Any, plan: bytes) -> None:
        try:
            self._runtime: tensorrt.Runtime = trt.Runtime(self._logger)
        except TypeError as error:
            # The binding's way to say that the constructor gave nothing.
            raise self._failure("TensorRT did not start") from error
        self._engine: tensorrt.ICudaEngine = self._runtime.deserialize_cuda_engine(plan)
        if self._engine is None:
            raise self._failure("TensorRT refused the engine")

    def _require_certified_tensors(self, trt: Any) -> None:
        spec = self._spec
        wanted = {
            spec.input_name: (trt.TensorIOMode.INPUT, (1, spec.height, spec.width, 3)),
            spec.output_name: (trt.TensorIOMode.OUTPUT, (1, spec.height, spec.width)),
        }
        found: dict[str, Any] = {}
        types = set()
        for index in range(self._engine.num_io_tensors):
            name = self._engine.get_tensor_name(index)
            shape: Any = self._engine.get_tensor_shape(name)
            found[name] = (self._engine.get_tensor_mode(name), tuple(shape))
            types.add(self._engine.get_tensor_dtype(name))
        if found != wanted or types != {trt.DataType.UINT8}:
            raise BackendError(
                f"The engine has other inputs and outputs than its certificate says ({found}); "
                f"build it again {self._rebuilding}"
            )

    def _configure(self) -> None:
        """Gives TensorRT-RTX what it compiled before, if that was for this GPU and driver."""
        self._config: Any = self._made(self._engine.create_runtime_config())
        self._cache: Any = self._made(self._config.create_runtime_cache())
        stored = self._cache_file.load()
        if stored is None:
            _log.info("TensorRT-RTX compiles for this GPU; it is quicker from the next start on")
        elif not self._cache.deserialize(stored):
            _log.info("the cache of compiled kernels is of another GPU, driver or version")
        self._config.set_runtime_cache(self._cache)

    def create_context(self) -> EngineContext:
        """TensorRT-RTX compiles for the device here, unless its cache holds the kernels.

        Raises:
            BackendError: TensorRT cannot prepare the engine.
        """
        return EngineContext(
            lambda: self._engine.create_execution_context(
                *((self._config,) if self._flavour == RTX else ())
            ),
            self._spec,
            self._failure,
        )

    def store_cache(self) -> None:
        """Keeps what was compiled for the next start; called once the engine has run."""
        if self._flavour != RTX:
            return
        compiled = self._cache.serialize()
        if compiled is None:
            _log.info("TensorRT-RTX compiles again at the next start: it gave nothing to keep")
        else:
            self._cache_file.store(bytes(compiled))

    def _made(self, what: Any) -> Any:
        """``what`` TensorRT made; None is how it says that it could not."""
        if what is None:
            raise self._failure(_NOT_PREPARED)
        return what

    def close(self) -> None:
        """Frees each before what it stands on."""
        for held in ("_config", "_cache", "_engine", "_runtime"):
            vars(self).pop(held, None)

    def _failure(self, what: str) -> BackendError:
        reason = self._logger.first_error or "it gave no reason"
        return BackendError(
            f"{what} ({reason}); close other programs that use the GPU, or build the engine again "
            f"{self._rebuilding}"
        )


class EngineContext:
    """One way to run an engine, with memory of its own; several can run at a time.

    Args:
        create: makes TensorRT's context, which this object alone holds, as an engine its parts.
        failure: makes the error of a sentence's beginning.

    Raises:
        BackendError: TensorRT cannot prepare the engine.
    """

    def __init__(
        self,
        create: Callable[[], tensorrt.IExecutionContext],
        spec: ModelSpec,
        failure: Callable[[str], BackendError],
    ) -> None:
        self._spec = spec
        self._failure = failure
        self._context = create()
        if self._context is None:
            raise failure(_NOT_PREPARED)

    def bind(self, input_address: int, output_address: int) -> None:
        """Tells where on the device ``enqueue`` reads the frame and writes the probability."""
        for name, address in (
            (self._spec.input_name, input_address),
            (self._spec.output_name, output_address),
        ):
            if not self._context.set_tensor_address(name, address):
                raise self._failure(f"TensorRT refused the address of {name}")

    def enqueue(self, stream_handle: int) -> None:
        """Queues one inference."""
        if not self._context.execute_async_v3(stream_handle):
            raise self._failure("TensorRT could not run the engine")

    def close(self) -> None:
        """Frees what it runs in."""
        vars(self).pop("_context", None)


def _logger(trt: Any) -> Any:
    """Passes TensorRT's messages on to ``logging``.

    ``first_error`` is kept for our own sentence: the errors that follow usually come of it.
    """
    levels = {
        trt.ILogger.Severity.INTERNAL_ERROR: logging.ERROR,
        trt.ILogger.Severity.ERROR: logging.ERROR,
        trt.ILogger.Severity.WARNING: logging.WARNING,
    }

    class Logger(trt.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.ILogger.__init__(self)
            self.first_error = ""

        def log(self, severity: Any, message: str) -> None:
            level = levels.get(severity, logging.DEBUG)
            if level == logging.ERROR and not self.first_error:
                self.first_error = message.partition("\n")[0]
            _log.log(level, "%s", message)

    return Logger()
