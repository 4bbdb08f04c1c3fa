"""Picks a runtime by name, or the fastest that works."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from models.backends.base import Aim, Backend, BackendUnavailableError
from models.backends.first_that_works import FirstThatWorks
from models.engine_folder import (
    CERTIFICATE_FILE,
    ENGINES_FOLDER,
    Certificate,
    EngineFolderError,
    read_certificate,
)
from models.interruptions import interruptions_held
from models.weights import DEFAULT_WEIGHTS, Weights, read_weights

AUTO = "auto"
BACKEND_NAMES = (AUTO, "tensorrt", "openvino", "onnxruntime")

_NVIDIA_DEVICE = Path("/dev/nvidiactl")
"""Present wherever NVIDIA's driver is loaded."""


def choose_backend(
    name: str,
    weights: Path,
    engine_folder: Path | None,
    aim: Aim = Aim.LATENCY,
    input_size: int | None = None,
    cpu_input_size: int | None = None,
) -> Backend:
    """The runtime ``name``; for ``auto`` the first that works.

    ``auto`` tries TensorRT, ONNX Runtime on the GPU where there is one, OpenVINO, and ONNX Runtime
    on the processor. Which one works shows when it is entered: see ``FirstThatWorks``. What was
    asked for by name, a runtime or an engine, is never replaced by another; ONNX Runtime by name
    takes the processor where it cannot take the GPU, and says so.

    Args:
        name: one of ``BACKEND_NAMES``.
        weights: the deployable ONNX file that OpenVINO and ONNX Runtime run.
        engine_folder: the engine to run, whatever ``weights`` are; None leaves TensorRT those in
            ``ENGINES_FOLDER`` that were built from ``weights``.
        aim: what OpenVINO is set up for.
        input_size: side in pixels of the network's input; None leaves it as ``weights``, or the
            engine, has it. An engine has one size, so TensorRT takes one that was built for this.
        cpu_input_size: the same for OpenVINO and ONNX Runtime alone, where ``input_size`` is None.

    Raises:
        BackendError: the named runtime, or with ``auto`` every runtime, is not to be had.
        models.weights.WeightsError: ``weights`` is no deployable model, or was changed.
        models.engine_folder.EngineFolderError: ``engine_folder`` is missing or was changed.
        ValueError: there is no runtime ``name``.
    """
    if input_size is not None:
        cpu_input_size = input_size
    if name == AUTO and engine_folder is not None:
        name = "tensorrt"
    tensorrt = {"tensorrt": partial(_tensorrt, weights, engine_folder, input_size)}
    openvino = {"openvino": partial(_openvino, weights, aim, cpu_input_size)}
    onnxruntime = {"onnxruntime": partial(_onnxruntime, weights, cpu_input_size)}
    on_gpu = {}
    if _NVIDIA_DEVICE.exists():
        make = partial(_onnxruntime, weights, cpu_input_size, on_gpu=True)
        on_gpu["onnxruntime on the GPU"] = make
    choices: dict[str, dict[str, partial[Backend]]] = {
        AUTO: tensorrt | on_gpu | openvino | onnxruntime,
        "tensorrt": tensorrt,
        "openvino": openvino,
        "onnxruntime": on_gpu | onnxruntime,
    }
    if name not in choices:
        raise ValueError(f"there is no runtime {name!r}; name one of {', '.join(BACKEND_NAMES)}")
    if len(choices[name]) == 1:
        return choices[name][name]()
    return FirstThatWorks(choices[name].items(), "No runtime works on this machine.")


def _tensorrt(weights: Path, engine_folder: Path | None, input_size: int | None) -> Backend:
    if not _NVIDIA_DEVICE.exists():
        raise BackendUnavailableError("There is no NVIDIA GPU, or its driver is not loaded.")
    try:
        with interruptions_held():
            from models.backends.tensorrt_backend import TensorRTBackend
    except ImportError as error:
        raise _not_installed("TensorRT", "requirements-gpu.txt") from error
    if engine_folder is not None:
        return TensorRTBackend(engine_folder)
    folders = _engines_built_from(weights, input_size)
    if not folders:
        model = "" if weights == DEFAULT_WEIGHTS else f" --onnx {weights}"
        size = "" if input_size is None else f" --size {input_size}"
        raise BackendUnavailableError(
            f"There is no engine for these weights; build one with: "
            f"python engine_builder/build.py --fp16{model}{size}"
        )
    # One of several may be for another GPU.
    return FirstThatWorks(
        [(f"the engine {folder.name}", partial(TensorRTBackend, folder)) for folder in folders],
        "No engine for these weights works.",
    )


def _engines_built_from(weights: Path, input_size: int | None) -> list[Path]:
    """Engine folders in ``ENGINES_FOLDER``, by name: so FP16 comes before FP32 and INT8.

    Those that are refused come last: whoever tries them is told why.
    """
    wanted = read_weights(weights, input_size)
    fitting, refused = [], []
    for path in sorted(ENGINES_FOLDER.glob(f"*/{CERTIFICATE_FILE}")):
        try:
            if _fits(read_certificate(path.parent), wanted):
                fitting.append(path.parent)
        except EngineFolderError:
            refused.append(path.parent)
    return fitting + refused


def _fits(certificate: Certificate, weights: Weights) -> bool:
    size, wanted = certificate.spec, weights.spec
    return certificate.onnx_sha256 == weights.sha256 and (size.height, size.width) == (
        wanted.height,
        wanted.width,
    )


def _openvino(weights: Path, aim: Aim, input_size: int | None) -> Backend:
    try:
        with interruptions_held():
            from models.backends.openvino_backend import OpenVinoBackend
    except ImportError as error:
        raise _not_installed("OpenVINO", "requirements.txt") from error
    return OpenVinoBackend(weights, aim, input_size)


def _onnxruntime(weights: Path, input_size: int | None, *, on_gpu: bool = False) -> Backend:
    try:
        with interruptions_held():
            from models.backends.onnxruntime_backend import OnnxRuntimeBackend
    except ImportError as error:
        raise _not_installed("ONNX Runtime", "requirements.txt") from error
    return OnnxRuntimeBackend(weights, input_size, on_gpu=on_gpu)


def _not_installed(runtime: str, requirements: str) -> BackendUnavailableError:
    return BackendUnavailableError(
        f"{runtime} is not installed; install it with: pip install -r {requirements}"
    )
