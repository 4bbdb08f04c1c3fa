"""Builds an engine plan from an ONNX graph, strongly typed, with either TensorRT."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine_builder.command_line import EngineBuilderError
from engine_builder.tensorrt_flavour import (
    INSTALL_FULL,
    Flavour,
    capability_name,
    rtx_runs_on,
)

if TYPE_CHECKING:
    # Either module may be the one at run time; calls are held against TensorRT 10's signatures.
    import tensorrt as trt

BUILDER_LOG = "builder log"
ENGINE_INSPECTOR = "engine inspector"

_LAYERS_MESSAGE = "Layers:\n"


@dataclass(frozen=True, slots=True, eq=False)
class BuiltPlan:
    """An engine, and what the builder says of its layers."""

    plan: bytes
    """What TensorRT deserialises."""
    layer_information: str
    """One line a layer, with the types of its inputs and outputs."""
    layer_source: str
    """``BUILDER_LOG``, which needs no GPU, or ``ENGINE_INSPECTOR`` where that says nothing."""


def build_plan(
    flavour: Flavour,
    graph: bytes,
    target: str,
    *,
    on_present_gpu: bool,
    on_phase: Callable[[str], None],
) -> BuiltPlan:
    """Builds the plan of ``graph``, a serialised ONNX model, for ``target``, such as ``sm_75``.

    The builder runs on a thread of its own, so that Ctrl-C is noticed while it works.

    Args:
        on_present_gpu: ``target`` is the GPU in this machine.
        on_phase: called with the name of each phase, from the builder's thread.

    Raises:
        EngineBuilderError: TensorRT refuses the graph or fails; the sentence gives its own reason.
        KeyboardInterrupt: Ctrl-C; the builder was stopped.
    """
    cancelled = threading.Event()
    with ThreadPoolExecutor(1, "tensorrt-builder") as executor:
        future = executor.submit(
            _build, flavour, graph, target, on_present_gpu, on_phase, cancelled
        )
        try:
            return future.result()
        except KeyboardInterrupt:
            cancelled.set()
            raise


def _build(
    flavour: Flavour,
    graph: bytes,
    target: str,
    on_present_gpu: bool,
    on_phase: Callable[[str], None],
    cancelled: threading.Event,
) -> BuiltPlan:
    module: Any = flavour.module
    log = _logger(module)
    # Where the builder cannot start, the binding raises a TypeError.
    try:
        builder: trt.Builder = module.Builder(log)
    except TypeError as error:
        raise _failure(flavour, "does not start", log) from error
    network = builder.create_network(_network_flags(module))
    parser: trt.OnnxParser = module.OnnxParser(network, log)
    if not parser.parse(graph):
        raise _failure(flavour, f"refuses the graph ({parser.get_error(0).desc()})", log)

    config = builder.create_builder_config()
    # Without this neither log nor inspector gives the layers' types.
    config.profiling_verbosity = module.ProfilingVerbosity.DETAILED
    config.progress_monitor = _progress_monitor(module, on_phase, cancelled)
    if flavour.builds_for_any_target and not _set_target(module, config, target):
        raise _failure(flavour, f"does not take {target} as its target", log)
    serialised: trt.IHostMemory | None = builder.build_serialized_network(network, config)
    if serialised is None:
        repair = "."
        if flavour.builds_for_any_target and not rtx_runs_on(target):
            repair = f"; TensorRT can, install it with: {INSTALL_FULL}"
        raise _failure(flavour, f"cannot build an engine for {target}", log, repair)
    plan = bytes(memoryview(serialised))
    if log.layer_information or not on_present_gpu:
        return BuiltPlan(plan, log.layer_information, BUILDER_LOG)
    return BuiltPlan(plan, _inspected(flavour, plan, log), ENGINE_INSPECTOR)


def _network_flags(module: Any) -> int:
    """Strongly typed: by flag up to TensorRT 10 and in TensorRT-RTX, always so from TensorRT 11."""
    flag = getattr(module.NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
    return 0 if flag is None else 1 << int(flag)


def _set_target(module: Any, config: Any, target: str) -> bool:
    """Whether TensorRT-RTX takes ``target``: one it has no name for has to be the present GPU's."""
    capability = module.ComputeCapability
    config.num_compute_capabilities = 1
    return bool(
        config.set_compute_capability(
            getattr(capability, capability_name(target), capability.CURRENT), 0
        )
    )


def _inspected(flavour: Flavour, plan: bytes, log: Any) -> str:
    module: Any = flavour.module
    try:
        runtime: trt.Runtime = module.Runtime(log)
    except TypeError as error:
        raise _failure(flavour, "does not start", log) from error
    engine: trt.ICudaEngine | None = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        raise _failure(flavour, "cannot load the engine that it built", log)
    inspector = engine.create_engine_inspector()
    return str(inspector.get_engine_information(module.LayerInformationFormat.ONELINE))


def _failure(flavour: Flavour, what: str, log: Any, repair: str = ".") -> EngineBuilderError:
    reason = f": {log.first_error}" if log.first_error else ""
    return EngineBuilderError(f"{flavour.name} {flavour.version} {what}{reason}{repair}")


def _logger(module: Any) -> Any:
    """A logger that keeps what the builder says of the layers it made, and the first error.

    Those that follow usually come of it; without a driver each is followed by that of its absence.
    """

    class Log(module.ILogger):  # type: ignore[misc]
        def __init__(self) -> None:
            module.ILogger.__init__(self)
            self.first_error = ""
            self.layer_information = ""

        def log(self, severity: trt.ILogger.Severity, message: str) -> None:
            if severity in (module.ILogger.INTERNAL_ERROR, module.ILogger.ERROR):
                self.first_error = self.first_error or message.strip().rstrip(".")
            elif message.startswith(_LAYERS_MESSAGE):
                self.layer_information = message

    return Log()


def _progress_monitor(
    module: Any, on_phase: Callable[[str], None], cancelled: threading.Event
) -> Any:
    class Monitor(module.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            module.IProgressMonitor.__init__(self)

        def phase_start(self, name: str, parent: str | None, steps: int) -> None:
            on_phase(name)

        def phase_finish(self, name: str) -> None:
            """Nothing is shown for it."""

        def step_complete(self, name: str, step: int) -> bool:
            return not cancelled.is_set()

    return Monitor()
