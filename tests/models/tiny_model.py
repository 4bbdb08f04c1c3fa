"""A deployable model that runs at once, and whose answer is known: the mean of R, G and B."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from models.spec import ModelSpec
from models.weights import sealed

TINY_SPEC = ModelSpec(name="tiny", height=24, width=32)


def tiny_model(spec: ModelSpec = TINY_SPEC) -> onnx.ModelProto:
    shape = [1, spec.height, spec.width]
    constants = [
        helper.make_tensor("third", TensorProto.FLOAT, [1], [1 / 3]),
        helper.make_tensor("axis", TensorProto.INT64, [1], [3]),
    ]
    nodes = [
        helper.make_node("Cast", [spec.input_name], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["float", "axis"], ["sum"], keepdims=0),
        helper.make_node("Mul", ["sum", "third"], ["mean"]),
        helper.make_node("Round", ["mean"], ["rounded"]),
        helper.make_node("Cast", ["rounded"], [spec.output_name], to=TensorProto.UINT8),
    ]
    graph = helper.make_graph(
        nodes,
        spec.name,
        [helper.make_tensor_value_info(spec.input_name, TensorProto.UINT8, [*shape, 3])],
        [helper.make_tensor_value_info(spec.output_name, TensorProto.UINT8, shape)],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    helper.set_model_props(model, spec.to_metadata())
    return model


def write_tiny_model(folder: Path, spec: ModelSpec = TINY_SPEC) -> Path:
    path = folder / "tiny.onnx"
    path.write_bytes(sealed(tiny_model(spec)))
    return path


def write_quantised_tiny_model(folder: Path) -> Path:
    """The tiny model, its answer quantised to whole levels and restored: to what it was rounded."""
    model = tiny_model()
    last = model.graph.node[-1]
    nodes = [
        helper.make_node("QuantizeLinear", [last.input[0], "scale", "zero"], ["quantised"]),
        helper.make_node("DequantizeLinear", ["quantised", "scale", "zero"], ["restored"]),
    ]
    last.input[0] = "restored"
    for node in nodes:
        model.graph.node.insert(len(model.graph.node) - 1, node)
    model.graph.initializer.extend(
        [
            helper.make_tensor("scale", TensorProto.FLOAT, [], [1.0]),
            helper.make_tensor("zero", TensorProto.UINT8, [], [0]),
        ]
    )
    path = folder / "int8.onnx"
    path.write_bytes(sealed(model))
    return path


def tiny_answer(frame: NDArray[np.uint8]) -> NDArray[np.float64]:
    """What the model gives for (24, 32, 3) uint8, before it rounds."""
    answer: NDArray[np.float64] = frame.mean(axis=2)
    return answer
