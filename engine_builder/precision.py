"""FP32 graph to the graph of another precision.

Precision is a property of the graph: engines are built strongly typed, and no builder flag decides.
Input and output stay uint8 throughout.
"""

from __future__ import annotations

import logging
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from engine_builder.command_line import EngineBuilderError
from models.weights import Weights, read_weights

FP32 = "FP32"
FP16 = "FP16"
INT8 = "INT8"

AGGREGATION = "agg1."
"""How the names of the decoder's last part begin."""


def read_fp32(path: Path, input_size: int | None = None) -> Weights:
    """The deployable model ``path``, as ``models.weights.read_weights`` has it.

    Raises:
        EngineBuilderError: it is quantised already.
        models.weights.WeightsError: as ``read_weights``.
    """
    weights = read_weights(path, input_size)
    if weights.precision != FP32:
        raise EngineBuilderError(
            f"{path} is quantised already; name the model that it was made from."
        )
    return weights


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same function with float32 weights, and batch normalisation folded into convolutions.

    Folding before the cast rounds each weight once.
    """
    weights = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    uses = Counter(name for node in model.graph.node for name in node.input)
    # Those that a normalisation can be folded into, by their output.
    convolutions: dict[str, onnx.NodeProto] = {}
    nodes: list[onnx.NodeProto] = []
    for original in model.graph.node:
        node = onnx.NodeProto.FromString(original.SerializeToString())
        if node.op_type == "Cast" and node.input[0] in weights:
            weights[node.output[0]] = weights[node.input[0]].astype(np.float32)
        elif node.op_type == "BatchNormalization" and node.input[0] in convolutions:
            _fold_into(convolutions[node.input[0]], node, weights)
        else:
            nodes.append(node)
            if node.op_type == "Conv" and len(node.input) == 2 and uses[node.output[0]] == 1:
                convolutions[node.output[0]] = node

    return rebuilt(model, nodes, weights)


def rebuilt(
    model: onnx.ModelProto,
    nodes: list[onnx.NodeProto],
    weights: Mapping[str, NDArray[np.float32]],
) -> onnx.ModelProto:
    """``model`` with ``nodes`` in place of its own, and those of ``weights`` that they use."""
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        model.graph.name,
        model.graph.input,
        model.graph.output,
        [numpy_helper.from_array(array, name) for name, array in weights.items() if name in used],
    )
    result = helper.make_model(graph, opset_imports=model.opset_import, ir_version=model.ir_version)
    result.metadata_props.extend(model.metadata_props)
    return result


def _fold_into(
    convolution: onnx.NodeProto, norm: onnx.NodeProto, weights: dict[str, NDArray[np.float32]]
) -> None:
    """Makes ``convolution`` give what ``norm`` gives."""
    gain, shift, mean, variance = (weights[name].astype(np.float64) for name in norm.input[1:])
    epsilon = next(item.f for item in norm.attribute if item.name == "epsilon")
    gain = gain / np.sqrt(variance + epsilon)
    kernel = convolution.input[1]
    bias = f"{convolution.name}.bias"
    weights[bias] = (shift - mean * gain).astype(np.float32)
    weights[kernel] = (weights[kernel] * gain[:, None, None, None]).astype(np.float32)
    convolution.input.append(bias)
    convolution.output[0] = norm.output[0]


def to_half(model: onnx.ModelProto, frame: NDArray[np.uint8]) -> onnx.ModelProto:
    """A folded graph whose arithmetic is half precision.

    nvidia-modelopt AutoCast does it where it is installed, else ONNX Runtime's converter. AutoCast
    runs the graph on ``frame``, (H, W, 3) uint8 RGB of the model's size, to find layers whose
    values do not fit half precision.
    """
    if find_spec("modelopt") is not None:
        return _to_half_by_autocast(model, frame)
    from onnxruntime.transformers.float16 import convert_float_to_float16

    copy = onnx.ModelProto.FromString(model.SerializeToString())
    converted: onnx.ModelProto = convert_float_to_float16(copy, keep_io_types=True)
    return converted


def _to_half_by_autocast(model: onnx.ModelProto, frame: NDArray[np.uint8]) -> onnx.ModelProto:
    from modelopt.onnx.autocast import convert_to_mixed_precision

    with tempfile.TemporaryDirectory() as scratch:
        graph_path = Path(scratch) / "fp32.onnx"
        frame_path = Path(scratch) / "frame.npz"
        onnx.save(model, graph_path)
        inputs: dict[str, Any] = {model.graph.input[0].name: frame[None]}
        np.savez(frame_path, **inputs)
        converted: onnx.ModelProto = convert_to_mixed_precision(
            str(graph_path), keep_io_types=True, calibration_data=str(frame_path)
        )
    return converted


def to_int8(half: onnx.ModelProto, frames: Iterator[NDArray[np.uint8]]) -> onnx.ModelProto:
    """A half-precision graph with explicit quantisation around every convolution, for TensorRT.

    Symmetric throughout, weights per output channel, bias left in half precision: what TensorRT
    takes.

    Args:
        half: from ``to_half``.
        frames: calibration frames, (H, W, 3) uint8 RGB of the model's size; at least one.
    """
    return _quantised(half, frames, activations="QInt8", kept=[])


def to_int8_for_cpu(model: onnx.ModelProto, frames: Iterator[NDArray[np.uint8]]) -> onnx.ModelProto:
    """A folded graph with explicit quantisation around its convolutions, for OpenVINO.

    Activations are unsigned: most follow a ReLU6, and a signed type would spend half its levels on
    values that never occur. The aggregation, nine small convolutions whose inputs are products of
    levels, stays in FP32: quantised, it marks more on frames without a polyp.

    Args:
        model: from ``folded``.
        frames: as for ``to_int8``.
    """
    kept = [
        node.name
        for node in model.graph.node
        if node.op_type == "Conv" and node.name.startswith(AGGREGATION)
    ]
    return _quantised(model, frames, activations="QUInt8", kept=kept)


def _quantised(
    model: onnx.ModelProto,
    frames: Iterator[NDArray[np.uint8]],
    *,
    activations: str,
    kept: list[str],
) -> onnx.ModelProto:
    from onnxruntime.quantization import (
        CalibrationDataReader,
        CalibrationMethod,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    input_name = model.graph.input[0].name

    class _Frames(CalibrationDataReader):  # type: ignore[misc]
        def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
            frame = next(frames, None)
            return None if frame is None else {input_name: frame[None]}

    # The converter says through the root logger that it would rather see a graph pre-processed by
    # its own tool; this one is folded already.
    logging.getLogger().addFilter(_not_about_preprocessing)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "int8.onnx"
            quantize_static(
                model,
                path,
                _Frames(),
                quant_format=QuantFormat.QDQ,
                op_types_to_quantize=["Conv"],
                nodes_to_exclude=kept,
                per_channel=True,
                activation_type=QuantType[activations],
                weight_type=QuantType.QInt8,
                calibrate_method=CalibrationMethod.MinMax,
                extra_options={
                    "ActivationSymmetric": activations == "QInt8",
                    "WeightSymmetric": True,
                    "QuantizeBias": False,
                },
            )
            return onnx.load(path)
    finally:
        logging.getLogger().removeFilter(_not_about_preprocessing)


def _not_about_preprocessing(record: logging.LogRecord) -> bool:
    return "pre-processing before quantization" not in record.getMessage()
