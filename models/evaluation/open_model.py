"""Finds the runtime for a model file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from models.backends.base import Backend
from models.backends.selection import choose_backend
from models.engine_folder import CERTIFICATE_FILE
from models.evaluation.checkpoint_backend import CheckpointBackend
from models.spec import ModelSpec

CHECKPOINT_SUFFIXES = (".safetensors", ".pth", ".pt")
ONNX_BACKENDS = ("onnxruntime", "openvino")
KNOWN = f"Give a checkpoint ({', '.join(CHECKPOINT_SUFFIXES)}), an .onnx file or an engine folder."


class ModelError(Exception):
    """No runtime for the model; the message says what can be given."""


def open_model(path: Path, onnx_backend: str, input_size: int | None) -> Backend:
    """The runtime for ``path``, not yet entered.

    Args:
        path: a checkpoint, a deployable ONNX file or an engine folder.
        onnx_backend: one of ``ONNX_BACKENDS``, for ONNX files.
        input_size: side in pixels to which the input is brought; None takes the model's own, and of
            a checkpoint that of ``ModelSpec``. An engine has but one.

    Raises:
        ModelError: the path is nothing of that, or an engine is to have another size.
        models.backends.base.BackendError: the runtime, or the GPU it needs, is not here.
        models.engine_folder.EngineFolderError: the engine was changed.
        models.hardnet_checkpoint.CheckpointError: the checkpoint is missing or damaged.
        models.weights.WeightsError: the ONNX file is missing, changed or no deployable model.
    """
    if path.is_dir():
        if not (path / CERTIFICATE_FILE).is_file():
            raise ModelError(f"{path} is no engine folder: it holds no {CERTIFICATE_FILE}. {KNOWN}")
        if input_size is not None:
            raise ModelError(f"The engine {path} has an input size of its own; leave out --size.")
        return choose_backend("tensorrt", path, engine_folder=path)
    if path.suffix == ".onnx":
        return choose_backend(onnx_backend, path, engine_folder=None, input_size=input_size)
    if path.suffix in CHECKPOINT_SUFFIXES:
        own = ModelSpec()
        size = input_size or own.width
        return CheckpointBackend(path, replace(own, height=size, width=size))
    raise ModelError(f"{path} is no model. {KNOWN}")
