"""The casts: what they leave as it was, and what becomes of the types."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray

from engine_builder.agreement import on_cpu
from engine_builder.precision import AGGREGATION, folded, to_half, to_int8, to_int8_for_cpu
from models.weights import read_weights
from tests.engine_builder.conftest import SMALL, SMALL_FRAME


def frames(count: int) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(2)
    return [rng.integers(0, 256, SMALL_FRAME, np.uint8) for _ in range(count)]


@pytest.fixture(scope="module")
def model(small_model: Path) -> onnx.ModelProto:
    return onnx.load_model_from_string(read_weights(small_model).content)


def operators(model: onnx.ModelProto) -> Counter[str]:
    return Counter(node.op_type for node in model.graph.node)


def weight_types(model: onnx.ModelProto) -> Counter[int]:
    return Counter(weight.data_type for weight in model.graph.initializer)


def largest_difference(one: onnx.ModelProto, other: onnx.ModelProto) -> int:
    infer_one = on_cpu(one.SerializeToString(), SMALL)
    infer_other = on_cpu(other.SerializeToString(), SMALL)
    return max(
        int(np.abs(infer_one(frame).astype(np.int16) - infer_other(frame)).max())
        for frame in frames(4)
    )


def test_folding_changes_no_answer_and_removes_every_normalisation(
    model: onnx.ModelProto,
) -> None:
    result = folded(model)
    onnx.checker.check_model(result, full_check=True)
    assert operators(model)["BatchNormalization"] == 120
    assert operators(result)["BatchNormalization"] == 0
    assert operators(result)["Conv"] == operators(model)["Conv"] == 121
    assert result.metadata_props == model.metadata_props
    assert largest_difference(model, result) <= 1


def test_folding_keeps_a_normalisation_that_follows_no_convolution() -> None:
    floats = np.ones(3, np.float32)
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("Relu", ["x"], ["r"], "r"),
            onnx.helper.make_node("BatchNormalization", ["r", "g", "b", "m", "v"], ["y"], "n"),
        ],
        "g",
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 4, 4])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 3, 4, 4])],
        [onnx.numpy_helper.from_array(floats, name) for name in "gbmv"],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 19)])
    assert operators(folded(model)) == {"Relu": 1, "BatchNormalization": 1}


def test_half_precision_reaches_every_weight_and_leaves_input_and_output(
    model: onnx.ModelProto,
) -> None:
    half = to_half(folded(model), frames(1)[0])
    kernels = [weight for weight in half.graph.initializer if len(weight.dims) == 4]
    assert {kernel.data_type for kernel in kernels} == {onnx.TensorProto.FLOAT16}
    session = onnxruntime.InferenceSession(half.SerializeToString())
    assert [port.type for port in (*session.get_inputs(), *session.get_outputs())] == [
        "tensor(uint8)",
        "tensor(uint8)",
    ]
    # The graph it was made from is untouched.
    assert onnx.TensorProto.FLOAT16 not in weight_types(folded(model))
    assert largest_difference(model, half) <= 8


def test_int8_quantises_every_convolution_symmetrically(model: onnx.ModelProto) -> None:
    half = to_half(folded(model), frames(1)[0])
    quantised = to_int8(half, iter(frames(8)))
    onnx.checker.check_model(quantised)
    sources = {node.output[0]: node for node in quantised.graph.node}
    convolutions = [node for node in quantised.graph.node if node.op_type == "Conv"]
    assert len(convolutions) == 121
    for convolution in convolutions:
        assert sources[convolution.input[0]].op_type == "DequantizeLinear"
        assert sources[convolution.input[1]].op_type == "DequantizeLinear"
    zero_points = [
        onnx.numpy_helper.to_array(weight)
        for weight in quantised.graph.initializer
        if weight.name.endswith("zero_point")
    ]
    assert zero_points
    assert all(not zero_point.any() for zero_point in zero_points)
    # It still is the same function, roughly.
    assert largest_difference(model, quantised) < 128


def test_int8_for_processors_leaves_the_aggregation_in_float(model: onnx.ModelProto) -> None:
    quantised = to_int8_for_cpu(folded(model), iter(frames(8)))
    onnx.checker.check_model(quantised)
    sources = {node.output[0]: node for node in quantised.graph.node}
    convolutions = [node for node in quantised.graph.node if node.op_type == "Conv"]
    in_int8 = {
        node.name
        for node in convolutions
        if {sources[name].op_type for name in node.input[:2] if name in sources}
        == {"DequantizeLinear"}
    }
    assert len(convolutions) == 121
    assert {node.name for node in convolutions} - in_int8 == {
        node.name for node in convolutions if node.name.startswith(AGGREGATION)
    }
    assert len(in_int8) == 112
    assert largest_difference(model, quantised) < 128
