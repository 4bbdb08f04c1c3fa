"""From a model to engine folders: cast, compare with FP32, build, prove the precision, certify."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
from rich.console import Console

from engine_builder.agreement import (
    CAST_GRAPH_ON_CPU,
    Infer,
    compare,
    engine_agreement,
    on_cpu,
    require_agreement,
)
from engine_builder.builder_version import builder_sha256
from engine_builder.channel_padding import padded
from engine_builder.command_line import EngineBuilderError
from engine_builder.images import (
    SHIPPED_REFERENCE,
    image_files,
    read_frame,
    reference_files,
    sha256_of_files,
)
from engine_builder.layer_precision import count_layers, require_precision
from engine_builder.plan import build_plan
from engine_builder.precision import FP32, INT8, folded, read_fp32, to_half, to_int8
from engine_builder.progress import BuildProgress
from engine_builder.proof import find_proof
from engine_builder.tensorrt_flavour import CURRENT, Flavour, find_flavour
from models.backends.cuda.compile import compile_cubin, kernels_source_sha256
from models.backends.cuda.present import present_target
from models.engine_folder import (
    Agreement,
    Certificate,
    EngineFolder,
    EngineFolderError,
    engine_folder_name,
    open_engine_folder,
    require_no_file,
    sha256_of,
    write_engine_folder,
)
from models.weights import Weights

TARGET_WITHOUT_GPU = "sm_75"
"""The RTX 2080 Ti's."""


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """What to build, and from what."""

    precision: str
    onnx: Path
    checkpoint: Path | None
    """Exported in place of ``onnx``."""
    size: int | None
    """Input side in pixels; None for the model's own."""
    targets: tuple[str, ...]
    output: Path
    reference: Path | None
    """Images to compare on, beside those that ship."""
    calibration: Path | None
    force: bool


@dataclass(frozen=True, slots=True, eq=False)
class _Inputs:
    """All that an engine depends on, but for its target."""

    precision: str
    flavour: Flavour
    weights: Weights
    reference: list[Path]
    reference_sha256: str
    calibration: list[Path]
    calibration_sha256: str


@dataclass(frozen=True, slots=True, eq=False)
class _Engine:
    """One engine to build."""

    target: str
    folder: Path
    kernels: bytes


def build_engines(request: BuildRequest, console: Console) -> dict[Path, Certificate]:
    """Builds what is not there yet; gives the folders that were built.

    Raises:
        EngineBuilderError, OSError, models.engine_folder.EngineFolderError,
        models.weights.WeightsError,
        models.backends.cuda.compile.KernelCompileError, models.backends.base.BackendError: nothing
            was built for the target at hand; the message is one sentence.
        KeyboardInterrupt: Ctrl-C; likewise.
    """
    present = present_target()
    targets = _resolved(request.targets, present, console)
    flavour = find_flavour(targets, present)
    _refuse_wrong_numbers(flavour, targets, request.precision)
    inputs = _inputs(request, flavour)
    request.output.mkdir(parents=True, exist_ok=True)

    pending = []
    for target in targets:
        folder = request.output / engine_folder_name(inputs.weights.spec, request.precision, target)
        require_no_file(folder)
        engine = _Engine(target, folder, compile_cubin(target))
        if not request.force and engine.folder.exists():
            outdated = _outdated(engine, inputs)
            if outdated is None:
                console.print(f"{engine.folder} is up to date; nothing to do.", soft_wrap=True)
                continue
            console.print(f"{engine.folder} {outdated}; it is built again.", soft_wrap=True)
        pending.append(engine)

    certificates: dict[Path, Certificate] = {}
    if pending:
        with BuildProgress(console) as progress:
            infer_fp32 = on_cpu(inputs.weights.content, inputs.weights.spec)
            path, proof = find_proof(infer_fp32, inputs.reference, inputs.weights.spec)
            if path.parent != SHIPPED_REFERENCE:
                console.print(
                    f"{path} is kept in the engine's folder, as its proof.", soft_wrap=True
                )
            graph = _cast(inputs, progress)
            agreement = _compared(graph, infer_fp32, inputs, progress)
            for engine in pending:
                certificates[engine.folder] = _build(
                    engine,
                    inputs,
                    graph,
                    agreement,
                    proof.to_bytes(),
                    engine.target == present,
                    progress,
                )
                console.print(f"{engine.folder} is built and certified.", soft_wrap=True)
    return certificates


def _resolved(targets: Sequence[str], present: str | None, console: Console) -> list[str]:
    """Architectures in place of ``current``."""
    if CURRENT in targets and present is None:
        console.print(f"There is no NVIDIA GPU here; building for {TARGET_WITHOUT_GPU}.")
    current = present or TARGET_WITHOUT_GPU
    return list(dict.fromkeys(current if target == CURRENT else target for target in targets))


def _refuse_wrong_numbers(flavour: Flavour, targets: Sequence[str], precision: str) -> None:
    if flavour.builds_for_any_target and precision == FP32 and "sm_75" in targets:
        raise EngineBuilderError(
            "TensorRT-RTX has returned zeros for FP32 on sm_75; build with --fp16, "
            "or with TensorRT on a machine with that GPU."
        )


def _inputs(request: BuildRequest, flavour: Flavour) -> _Inputs:
    weights = _weights(request)
    reference = reference_files(request.reference)
    calibration = [] if request.calibration is None else image_files(request.calibration)
    return _Inputs(
        precision=request.precision,
        flavour=flavour,
        weights=weights,
        reference=reference,
        reference_sha256=sha256_of_files(reference),
        calibration=calibration,
        calibration_sha256=sha256_of_files(calibration) if calibration else "",
    )


def _weights(request: BuildRequest) -> Weights:
    """The model file, at the size asked for; exported first where a checkpoint was named."""
    if request.checkpoint is None:
        return read_fp32(request.onnx, request.size)
    try:
        from engine_builder.export import SHIPPED_SPEC, export_checkpoint
    except ModuleNotFoundError as error:
        raise EngineBuilderError(
            f"Exporting needs {error.name}, which is not installed; install it with: "
            "pip install -r requirements-train.txt"
        ) from error
    spec = SHIPPED_SPEC
    if request.size is not None:
        spec = replace(spec, height=request.size, width=request.size)
    content = export_checkpoint(request.checkpoint, spec)
    return Weights(request.checkpoint, content, sha256_of(content), spec)


def _outdated(engine: _Engine, inputs: _Inputs) -> str | None:
    """What is wrong with the engine that is there; None where building it would give the same."""
    try:
        certificate = open_engine_folder(engine.folder).certificate
    except EngineFolderError:
        return "is damaged, or of another version of PolypLens"
    wanted = _certificate(
        engine,
        inputs,
        plan_sha256=certificate.plan_sha256,
        proof_sha256=certificate.proof_sha256,
        layers=certificate.layers,
        proven_by=certificate.proven_by,
        agreement=replace(certificate.agreement, reference_sha256=inputs.reference_sha256),
    )
    if certificate == wanted:
        return None
    if replace(certificate, builder_sha256=wanted.builder_sha256) == wanted:
        return "was built by another version of the builder"
    return "was built from other files, or by another TensorRT"


def _certificate(
    engine: _Engine,
    inputs: _Inputs,
    *,
    plan_sha256: str,
    proof_sha256: str,
    layers: Mapping[str, int],
    proven_by: str,
    agreement: Agreement,
) -> Certificate:
    return Certificate(
        onnx_sha256=inputs.weights.sha256,
        plan_sha256=plan_sha256,
        kernels_sha256=sha256_of(engine.kernels),
        kernels_source_sha256=kernels_source_sha256(),
        builder_sha256=builder_sha256(),
        proof_sha256=proof_sha256,
        calibration_sha256=inputs.calibration_sha256,
        flavour=inputs.flavour.name,
        version=inputs.flavour.version,
        target=engine.target,
        precision=inputs.precision,
        layers=layers,
        proven_by=proven_by,
        agreement=agreement,
        spec=inputs.weights.spec,
    )


def _cast(inputs: _Inputs, progress: BuildProgress) -> bytes:
    """The graph to build from, in the precision asked for."""
    spec = inputs.weights.spec
    with progress.stage(f"Cast to {inputs.precision}") as stage:
        graph = folded(onnx.load_model_from_string(inputs.weights.content))
        if inputs.precision != FP32:
            graph = to_half(padded(graph), read_frame(inputs.reference[0], spec))
        if inputs.precision == INT8:
            stage.describe(f"calibrating on {len(inputs.calibration)} images")
            graph = to_int8(graph, (read_frame(path, spec) for path in inputs.calibration))
    return graph.SerializeToString(deterministic=True)


def _compared(
    graph: bytes, infer_fp32: Infer, inputs: _Inputs, progress: BuildProgress
) -> Agreement:
    spec = inputs.weights.spec
    with progress.stage("Compare with FP32", len(inputs.reference)) as stage:
        agreement = compare(
            on_cpu(graph, spec),
            infer_fp32,
            inputs.reference,
            spec,
            measured_on=CAST_GRAPH_ON_CPU,
            on_image=stage.advance,
        )
    require_agreement(agreement, inputs.precision)
    return agreement


def _build(
    engine: _Engine,
    inputs: _Inputs,
    graph: bytes,
    agreement: Agreement,
    proof: bytes,
    on_present_gpu: bool,
    progress: BuildProgress,
) -> Certificate:
    with progress.stage(f"Build for {engine.target}") as stage:
        built = build_plan(
            inputs.flavour,
            graph,
            engine.target,
            on_present_gpu=on_present_gpu,
            on_phase=stage.describe,
        )
    layers = count_layers(built.layer_information)
    require_precision(layers, inputs.precision)
    certificate = _certificate(
        engine,
        inputs,
        plan_sha256=sha256_of(built.plan),
        proof_sha256=sha256_of(proof),
        layers=layers,
        proven_by=built.layer_source,
        agreement=agreement,
    )
    made = EngineFolder(certificate, built.plan, engine.kernels, proof)
    if on_present_gpu:
        made = _measured_on_gpu(made, inputs, progress)
    write_engine_folder(engine.folder, made)
    return made.certificate


def _measured_on_gpu(
    engine: EngineFolder, inputs: _Inputs, progress: BuildProgress
) -> EngineFolder:
    """The engine certified with its own figures in place of the cast graph's."""
    with (
        TemporaryDirectory() as scratch,
        progress.stage("Compare the engine with FP32", len(inputs.reference)) as stage,
    ):
        folder = Path(scratch) / "engine"
        write_engine_folder(folder, engine)
        agreement = engine_agreement(folder, inputs.weights, inputs.reference, stage.advance)
    require_agreement(agreement, inputs.precision)
    return replace(engine, certificate=replace(engine.certificate, agreement=agreement))
