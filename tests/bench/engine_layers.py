"""What a change of the graph does to the engine, read from TensorRT-RTX's own builder log.

No GPU is needed, so nothing here is a time: how many kernels an engine launches, which of them only
move data, and how many convolutions meet channel counts that tensor cores do not take as they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import helper, numpy_helper

from engine_builder.channel_padding import MULTIPLE, padded
from engine_builder.plan import build_plan
from engine_builder.precision import folded, to_half
from engine_builder.tensorrt_flavour import find_flavour
from models.weights import DEFAULT_WEIGHTS, read_weights
from tests.bench.report import Figure

TARGETS = ("sm_75", "sm_86")
"""Turing, and the first of those after it; the others after it come out like ``sm_86``."""

_LAYER = re.compile(
    r"^Name: (?P<name>\S+), LayerType: (?P<kind>\w+), Inputs: (?P<inputs>.*?), "
    r"(?:Constants: .*?, )?Outputs: (?P<outputs>.*?), TacticName",
    re.MULTILINE,
)
_DIMENSIONS = re.compile(r"Dimensions: \[([\d,]+)\]")
_MOVES_ONLY = re.compile(r"__myl_(Slic)*(Conc)+_")
_CUTS = re.compile(r"__myl_(Slic)+(Conc)+_")
_HALF_BYTES = 2


@dataclass(frozen=True, slots=True)
class _Layer:
    name: str
    kind: str
    inputs: list[list[int]]
    """Dimensions of each tensor read, (N, C, H, W); constants are left out."""
    outputs: list[list[int]]


def measure() -> list[Figure]:
    weights = read_weights(DEFAULT_WEIGHTS)
    plain = folded(onnx.load_model_from_string(weights.content))
    wide = padded(plain)
    frame = np.zeros((weights.spec.height, weights.spec.width, 3), np.uint8)
    graphs = {
        "as exported": to_half(plain, frame),
        "channels padded": to_half(wide, frame),
        "channels padded, two pictures": _for_pictures(2, to_half(wide, frame)),
        "channels padded, normalised HWC8 in": _from_hwc8(to_half(wide, frame)),
    }
    share = 100 * (_parameters(wide) / _parameters(plain) - 1)
    figures = [Figure("weights that channel padding adds", share, "%", at_most=3)]
    for target in TARGETS:
        for name, graph in graphs.items():
            figures += _figures(f"{target}, {name}", graph, target)
    return figures


def _figures(label: str, graph: onnx.ModelProto, target: str) -> Iterator[Figure]:
    flavour = find_flavour([target], None)
    built = build_plan(
        flavour,
        graph.SerializeToString(),
        target,
        on_present_gpu=False,
        on_phase=lambda phase: None,
    )
    layers = list(_layers(built.layer_information))
    convolutions = [layer for layer in layers if layer.kind == "correlation"]
    moving = [layer for layer in layers if _MOVES_ONLY.match(layer.name)]
    moved = sum(math.prod(each) for layer in moving for each in layer.inputs + layer.outputs)
    yield Figure(f"{label}: kernels", len(layers), "")
    yield Figure(f"{label}: kernels that only move data", len(moving), "")
    yield Figure(
        f"{label}: of them, that cut and pad", sum(bool(_CUTS.match(m.name)) for m in moving), ""
    )
    yield Figure(f"{label}: bytes that they move", moved * _HALF_BYTES / 1e6, "MB")
    yield Figure(
        f"{label}: convolutions on odd channel counts", sum(map(_is_odd, convolutions)), ""
    )
    yield Figure(f"{label}: plan", len(built.plan) / 1e6, "MB", note=flavour.version)


def _layers(information: str) -> Iterator[_Layer]:
    """Those that run something; the others only wait or signal."""
    for found in _LAYER.finditer(information):
        inputs, outputs = (
            [[int(side) for side in sides.split(",")] for sides in _DIMENSIONS.findall(found[part])]
            for part in ("inputs", "outputs")
        )
        if inputs or outputs:
            yield _Layer(found["name"], found["kind"], inputs, outputs)


def _is_odd(convolution: _Layer) -> bool:
    """Whether its picture or its answer has channels that are no multiple of eight."""
    return any(sides[1] % MULTIPLE for sides in [convolution.inputs[0], *convolution.outputs])


def _for_pictures(count: int, model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph that takes so many pictures at a time."""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = count
    return model


def _from_hwc8(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph that is given half-precision HWC8 instead of normalising by itself."""
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    weight = next(each for each in model.graph.initializer if each.name == first.input[1])
    kernel = numpy_helper.to_array(weight)
    kernel = np.pad(kernel, ((0, 0), (0, MULTIPLE - kernel.shape[1]), (0, 0), (0, 0)))
    weight.CopyFrom(numpy_helper.from_array(kernel, weight.name))
    source = model.graph.input[0]
    source.type.tensor_type.elem_type = onnx.TensorProto.FLOAT16
    source.type.tensor_type.shape.dim[3].dim_value = MULTIPLE
    transposed = helper.make_node("Transpose", [source.name], ["chw8"], perm=[0, 3, 1, 2])
    first.input[0] = "chw8"
    nodes = list(model.graph.node)
    nodes[: nodes.index(first)] = [transposed]
    model.graph.ClearField("node")
    model.graph.node.extend(nodes)
    return model


def _parameters(model: onnx.ModelProto) -> int:
    return sum(math.prod(weight.dims) for weight in model.graph.initializer)
