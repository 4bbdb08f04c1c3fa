"""Reads a deployable ONNX file, and refuses one that was changed or that reaches outside itself.

A deployable file carries its own SHA-256 in its metadata, so a copy needs nothing beside it. The
checksum is taken of the whole file with zeros in place of its own 64 digits. It guards against
damage and mix-ups; against someone who may write the file, its permissions have to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import onnx
from google.protobuf.message import DecodeError, Message

from models.input_size import fitting_side, resized
from models.spec import ModelSpec, SpecError

DEFAULT_WEIGHTS = Path(__file__).parents[1] / "assets" / "weights" / "hardnet_mseg_352.onnx"
SHIPPED_SHA256 = "5bb77e2c00b8e8e1f10db3892cdc176e12c20028dd4e4b325d0714015ab65273"
"""Of ``DEFAULT_WEIGHTS``, as ``docs/model-card.md`` states it: no other model passes for them."""
CHECKSUM_KEY = "polyplens.sha256"
"""Key in the ONNX file's metadata under which its checksum is stored, in hexadecimal."""

_BLANK = b"0" * 64
_EXPORT = "make one with: python engine_builder/export.py CHECKPOINT"
# How protocol buffers store the entry: the key, then the tag and the length of its value.
_MARK = CHECKSUM_KEY.encode() + b"\x12" + bytes([len(_BLANK)])


class WeightsError(Exception):
    """A weights file cannot be used; the message is one sentence that names the repair."""


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """A deployable ONNX file, checked. ``content`` runs, not what the path may hold by then."""

    path: Path
    content: bytes
    sha256: str
    """Of the file, in hexadecimal; of ``content``, unless that was brought to another size."""
    spec: ModelSpec
    precision: str = "FP32"
    """``FP32``, or ``INT8`` for a quantised graph: what a runtime computes in if nothing else is
    asked of it."""


def sealed(model: onnx.ModelProto) -> bytes:
    """The deployable file of ``model``, its checksum in it; the same bytes each time."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    metadata = {entry.key: entry.value for entry in copy.metadata_props}
    onnx.helper.set_model_props(copy, metadata | {CHECKSUM_KEY: _BLANK.decode()})
    before, _, after = _around_checksum(copy.SerializeToString(deterministic=True))
    checksum, _ = _digests(before, _BLANK, after)
    return before + checksum.encode() + after


def read_weights(path: Path, input_size: int | None = None) -> Weights:
    """Reads and checks ``path``: nothing of it is parsed before its checksum was found to match.

    Args:
        input_size: side in pixels to which the model's input is brought; None leaves it.

    Raises:
        WeightsError: missing, unreadable, changed, no deployable model, or weights in other files;
            or ``input_size`` is none that the network takes.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise WeightsError(f"{path} is a device or a pipe and no file; name a weights file.")
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise WeightsError(f"There is no weights file {path}; check the path.") from error
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}).") from error
    before, stored, after = _around_checksum(content)
    if not stored:
        raise WeightsError(
            f"{path} is truncated, or no deployable PolypLens model; fetch it again, or {_EXPORT}"
        )
    checksum, sha256 = _digests(before, stored, after)
    if stored != checksum.encode():
        raise WeightsError(f"{path} was changed or damaged; fetch it again.")
    if path == DEFAULT_WEIGHTS and sha256 != SHIPPED_SHA256:
        raise WeightsError(
            f"{path} is another model than this version ships; fetch it again, or put it elsewhere "
            "and name it with --weights."
        )
    model = _parsed(path, content)
    spec = _checked_spec(path, model)
    quantised = any(node.op_type == "QuantizeLinear" for node in model.graph.node)
    if input_size is not None:
        fitting = fitting_side(input_size)
        if input_size != fitting:
            raise WeightsError(f"The network takes no input of {input_size} pixels; use {fitting}.")
        model, spec = resized(model, spec, input_size)
        content = model.SerializeToString(deterministic=True)
    return Weights(path, content, sha256, spec, "INT8" if quantised else "FP32")


def _around_checksum(content: bytes) -> tuple[bytes, bytes, bytes]:
    """What comes before the stored checksum, the checksum, and what follows; empty without one."""
    mark = content.rfind(_MARK)
    if mark < 0:
        return content, b"", b""
    start = mark + len(_MARK)
    end = start + len(_BLANK)
    return content[:start], content[start:end], content[end:]


def _digests(before: bytes, stored: bytes, after: bytes) -> tuple[str, str]:
    """The checksum that a file of these parts should carry, and the SHA-256 of it as it is."""
    blank = hashlib.sha256(before)
    as_it_is = blank.copy()
    blank.update(_BLANK + after)
    as_it_is.update(stored + after)
    return blank.hexdigest(), as_it_is.hexdigest()


def _parsed(path: Path, content: bytes) -> onnx.ModelProto:
    try:
        return onnx.load_model_from_string(content)
    except DecodeError as error:
        raise WeightsError(f"{path} is truncated or no ONNX file; fetch it again.") from error


def _checked_spec(path: Path, model: onnx.ModelProto) -> ModelSpec:
    for tensor in _tensors(model):
        if tensor.data_location == onnx.TensorProto.EXTERNAL:
            raise WeightsError(
                f"{path} keeps {tensor.name} in another file, which is not loaded; "
                "save the model as one file."
            )
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    try:
        spec = ModelSpec.from_metadata(metadata, path)
    except SpecError as error:
        raise WeightsError(f"{error}.") from error
    wanted = {
        (spec.input_name, (1, spec.height, spec.width, 3)),
        (spec.output_name, (1, spec.height, spec.width)),
    }
    offered = {_signature(value) for value in (*model.graph.input, *model.graph.output)}
    if offered != wanted:
        raise WeightsError(
            f"{path} says that it takes {spec.height}x{spec.width} uint8 frames, but its graph "
            f"differs; {_EXPORT}"
        )
    return spec


def _signature(value: onnx.ValueInfoProto) -> tuple[str, tuple[int, ...]] | None:
    """Name and shape; None where it is not uint8."""
    tensor = value.type.tensor_type
    if tensor.elem_type != onnx.TensorProto.UINT8:
        return None
    return value.name, tuple(side.dim_value for side in tensor.shape.dim)


def _tensors(part: Message) -> Iterator[onnx.TensorProto]:
    """Every tensor in a part of a model, wherever the format has room for one."""
    if isinstance(part, onnx.TensorProto):
        yield part
        return
    for field, value in part.ListFields():
        if field.message_type is not None:
            for inner in value if field.is_repeated else (value,):
                yield from _tensors(inner)
