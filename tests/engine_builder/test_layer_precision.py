"""The proof of an engine's precision, on what TensorRT itself says of engines it built."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from engine_builder.command_line import EngineBuilderError
from engine_builder.layer_precision import count_layers, require_precision
from engine_builder.plan import BUILDER_LOG, build_plan
from engine_builder.precision import FP16, FP32, INT8, folded, to_half, to_int8
from engine_builder.tensorrt_flavour import find_flavour
from models.weights import read_weights
from tests.engine_builder.conftest import SMALL_FRAME

# TensorRT 10's inspector, one line a layer: the shape of its text, with made-up layers.
INSPECTOR_TEXT = """\
Name: frame cast, LayerType: Reformat, Inputs: [ { Name: frame, Location: Device, Dimensions: \
[1,64,64,3], Format/Datatype: Row major linear UInt8 format }], Outputs: [ { Name: a, Location: \
Device, Dimensions: [1,64,64,3], Format/Datatype: Half }], ParameterType: Reformat, Origin: CAST
Name: {ForeignNode[x...y]}, LayerType: Myelin, Inputs: [ { Name: a, Location: Device, Dimensions: \
[1,3,64,64], Format/Datatype: Channel major FP16 format where channel % 8 == 0 }], Outputs: [ { \
Name: b, Location: Device, Dimensions: [1,8,64,64], Format/Datatype: Half }], TacticName: t
Name: conv + relu, LayerType: CaskConvolution, Inputs: [ { Name: b, Location: Device, Dimensions: \
[1,8,64,64], Format/Datatype: Half }], Outputs: [ { Name: c, Location: Device, Dimensions: \
[1,8,64,64], Format/Datatype: Row major linear FP32 }], ParameterType: Convolution
Name: signal, LayerType: signal, Inputs: [], Outputs: [], TacticName: , StreamId: 1
"""


def built_layers(graph: onnx.ModelProto, target: str) -> dict[str, int]:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    built = build_plan(
        find_flavour([target], None),
        graph.SerializeToString(),
        target,
        on_present_gpu=False,
        on_phase=lambda name: None,
    )
    assert built.layer_source == BUILDER_LOG
    return count_layers(built.layer_information)


@pytest.fixture(scope="module")
def fp32(small_model: Path) -> onnx.ModelProto:
    return folded(onnx.load_model_from_string(read_weights(small_model).content))


@pytest.fixture(scope="module")
def half(fp32: onnx.ModelProto) -> onnx.ModelProto:
    return to_half(fp32, np.zeros(SMALL_FRAME, np.uint8))


def test_a_half_precision_engine_is_recognised(half: onnx.ModelProto) -> None:
    layers = built_layers(half, "sm_75")
    assert layers[FP16] > 100
    require_precision(layers, FP16)


def test_a_float32_graph_passed_off_as_half_is_caught(fp32: onnx.ModelProto) -> None:
    layers = built_layers(fp32, "sm_75")
    assert layers[FP32] > 100
    with pytest.raises(EngineBuilderError, match=r"Only 0% .* run in FP16"):
        require_precision(layers, FP16)


def test_int8_that_the_gpu_does_not_run_is_caught(half: onnx.ModelProto) -> None:
    rng = np.random.default_rng(3)
    frames = (rng.integers(0, 256, SMALL_FRAME, np.uint8) for _ in range(4))
    quantised = to_int8(half, frames)
    require_precision(built_layers(quantised, "sm_86"), INT8)
    # TensorRT-RTX has no 8-bit convolution for Turing: it rounds, and computes in half precision.
    with pytest.raises(EngineBuilderError, match="run in INT8"):
        require_precision(built_layers(quantised, "sm_75"), INT8)


def test_inspector_text_of_tensorrt_is_understood() -> None:
    assert count_layers(INSPECTOR_TEXT) == {FP16: 2, FP32: 1}


def test_silence_proves_nothing() -> None:
    with pytest.raises(EngineBuilderError, match="unproven"):
        require_precision(count_layers(""), FP16)


def test_four_fifths_are_enough_and_less_is_not() -> None:
    require_precision({FP16: 80, FP32: 20}, FP16)
    with pytest.raises(EngineBuilderError, match="79%"):
        require_precision({FP16: 79, FP32: 21}, FP16)
