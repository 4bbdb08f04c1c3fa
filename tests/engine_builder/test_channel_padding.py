"""Padded channels: the same function, and an engine that pads no more by itself."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from engine_builder.agreement import on_cpu
from engine_builder.channel_padding import padded
from engine_builder.command_line import EngineBuilderError
from engine_builder.plan import build_plan
from engine_builder.precision import folded, to_half
from engine_builder.tensorrt_flavour import find_flavour
from models.weights import read_weights
from tests.engine_builder.conftest import SMALL, SMALL_FRAME

SIDE = 9


@pytest.fixture(scope="module")
def model(small_model: Path) -> onnx.ModelProto:
    """HarDNet-MSEG, folded, at 96x96."""
    return folded(onnx.load_model_from_string(read_weights(small_model).content))


def output_channels(model: onnx.ModelProto) -> list[int]:
    """Of each convolution, in order."""
    shapes = {weight.name: weight.dims for weight in model.graph.initializer}
    return [shapes[node.input[1]][0] for node in model.graph.node if node.op_type == "Conv"]


def parameters(model: onnx.ModelProto) -> int:
    return sum(int(np.prod(weight.dims)) for weight in model.graph.initializer)


def test_every_convolution_but_the_last_makes_a_multiple_of_eight(model: onnx.ModelProto) -> None:
    result = padded(model)
    onnx.checker.check_model(result, full_check=True)
    assert any(channels % 8 for channels in output_channels(model)[:-1])
    assert not any(channels % 8 for channels in output_channels(result)[:-1])
    assert output_channels(result)[-1] == 1
    assert 0 < parameters(result) / parameters(model) - 1 < 0.03
    assert result.metadata_props == model.metadata_props


def test_the_networks_answer_stays(model: onnx.ModelProto) -> None:
    plain = on_cpu(model.SerializeToString(), SMALL)
    with_padding = on_cpu(padded(model).SerializeToString(), SMALL)
    rng = np.random.default_rng(3)
    for _ in range(4):
        frame = rng.integers(0, 256, SMALL_FRAME, np.uint8)
        difference = np.abs(plain(frame).astype(np.int16) - with_padding(frame))
        # A sum in another order can tip a probability over to the next level.
        assert difference.max() <= 1
        assert np.mean(difference > 0) < 0.001


def network(*nodes: onnx.NodeProto, **weights: NDArray[np.float32]) -> onnx.ModelProto:
    """A graph from ``x``, (1, 3, SIDE, SIDE), to ``y``, with convolutions named as weights are."""
    shape = [1, None, SIDE, SIDE]
    graph = helper.make_graph(
        list(nodes),
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, SIDE, SIDE])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)


def weight(*shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(np.float32)


def convolution(source: str, name: str, *bias: str) -> onnx.NodeProto:
    return helper.make_node("Conv", [source, f"{name}_weight", *bias], [name], name)


def answer(model: onnx.ModelProto) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(model.SerializeToString())
    x = np.random.default_rng(5).normal(size=(1, 3, SIDE, SIDE)).astype(np.float32)
    return np.asarray(session.run(["y"], {"x": x})[0], np.float32)


def test_gaps_in_a_concatenation_are_stepped_over() -> None:
    """Parts of 5, 6 and 5 channels: where padded, the last begins at 16 and not at 11."""
    model = network(
        convolution("x", "a", "a_bias"),
        helper.make_node("Relu", ["a"], ["r"], "r"),
        convolution("r", "b"),
        helper.make_node("Concat", ["r", "b", "r"], ["c"], "c", axis=1),
        helper.make_node("Mul", ["c", "c"], ["m"], "m"),
        helper.make_node("MaxPool", ["m"], ["p"], "p", kernel_shape=[1, 1]),
        helper.make_node("Conv", ["p", "y_weight"], ["y"], "y"),
        a_weight=weight(5, 3, 1, 1),
        a_bias=weight(5),
        b_weight=weight(6, 5, 1, 1),
        y_weight=weight(7, 16, 1, 1),
    )
    result = padded(model)
    assert output_channels(result) == [8, 8, 7]
    np.testing.assert_allclose(answer(result), answer(model), rtol=1e-5, atol=1e-5)


def test_what_a_constant_for_each_channel_meets_is_left_alone() -> None:
    model = network(
        convolution("x", "a"),
        helper.make_node("Mul", ["a", "gains"], ["m"], "m"),
        helper.make_node("Conv", ["m", "y_weight"], ["y"], "y"),
        a_weight=weight(5, 3, 1, 1),
        gains=weight(5, 1, 1),
        y_weight=weight(7, 5, 1, 1),
    )
    np.testing.assert_array_equal(answer(padded(model)), answer(model))
    assert output_channels(padded(model)) == [5, 7]


def test_tensors_padded_differently_cannot_be_added() -> None:
    model = network(
        convolution("x", "a"),
        convolution("x", "b"),
        helper.make_node("Concat", ["a", "a"], ["c"], "c", axis=1),
        helper.make_node("Add", ["c", "b"], ["s"], "sum"),
        helper.make_node("Conv", ["s", "y_weight"], ["y"], "y"),
        a_weight=weight(5, 3, 1, 1),
        b_weight=weight(10, 3, 1, 1),
        y_weight=weight(7, 10, 1, 1),
    )
    with pytest.raises(EngineBuilderError, match=r"\(sum joins tensors .*; build it with --fp32"):
        padded(model)


def test_a_picture_joined_with_channels_is_refused() -> None:
    model = network(
        convolution("x", "a"),
        helper.make_node("Concat", ["a", "x"], ["c"], "joint", axis=1),
        helper.make_node("Conv", ["c", "y_weight"], ["y"], "y"),
        a_weight=weight(5, 3, 1, 1),
        y_weight=weight(7, 8, 1, 1),
    )
    with pytest.raises(EngineBuilderError, match=r"\(joint joins what no convolution made\)"):
        padded(model)


def test_channels_in_groups_are_refused() -> None:
    model = network(
        convolution("x", "a"),
        helper.make_node("Conv", ["a", "y_weight"], ["y"], "pairs", group=2),
        a_weight=weight(6, 3, 1, 1),
        y_weight=weight(4, 3, 1, 1),
    )
    with pytest.raises(EngineBuilderError, match=r"\(pairs takes its channels in groups\)"):
        padded(model)


def test_on_turing_the_engine_cuts_and_pads_no_tensor(model: onnx.ModelProto) -> None:
    """TensorRT-RTX names a kernel after what it does: slices, then concatenations with zeros."""
    pytest.importorskip("tensorrt_rtx", reason="needs tensorrt-rtx-cu13")
    flavour = find_flavour(["sm_75"], None)
    cutting = []
    for graph in (model, padded(model)):
        half = to_half(graph, np.zeros(SMALL_FRAME, np.uint8)).SerializeToString()
        built = build_plan(
            flavour, half, "sm_75", on_present_gpu=False, on_phase=lambda phase: None
        )
        cutting.append(len(re.findall(r"^Name: __myl_Slic\w*Conc_", built.layer_information, re.M)))
    assert cutting[0] > 20
    assert cutting[1] == 0
