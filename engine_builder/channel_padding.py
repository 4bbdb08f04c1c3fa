"""Pads channel counts to multiples of eight, which is how tensor cores take them.

TensorRT pads by itself where a count does not fit, with a kernel of its own each time. Here the
convolutions write the padding as they go: filters of zeros are added, and the next convolution
meets them with weights of zero. The function is the same; only the order of a sum may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from engine_builder.command_line import EngineBuilderError
from engine_builder.precision import rebuilt

MULTIPLE = 8
"""Half-precision values in the sixteen bytes that a tensor core's load moves."""

_EACH_CHANNEL_BY_ITSELF = {"Add", "Clip", "MaxPool", "Mul", "Relu", "Resize"}
"""Operators that keep a channel of zeros apart from the others, whatever they make of it."""

_Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class _Channels:
    """Where a padded tensor has its channels: the k-th is channel ``positions[k]`` of ``count``."""

    positions: NDArray[np.intp]
    count: int

    @staticmethod
    def padded(channels: int, count: int) -> _Channels:
        return _Channels(np.arange(channels), count)

    @staticmethod
    def concatenated(parts: list[_Channels]) -> _Channels:
        ends = np.cumsum([part.count for part in parts])
        shifted = [part.positions + end - part.count for part, end in zip(parts, ends, strict=True)]
        return _Channels(np.concatenate(shifted), int(ends[-1]))


def padded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The same function with every convolution's outputs padded, but those that leave the network.

    Args:
        model: from ``engine_builder.precision.folded``.

    Raises:
        EngineBuilderError: this graph cannot be padded; the sentence says where.
    """
    weights = {weight.name: numpy_helper.to_array(weight) for weight in model.graph.initializer}
    kept = _not_to_pad(model, weights)
    channels: dict[str, _Channels] = {}
    nodes: list[onnx.NodeProto] = []
    for original in model.graph.node:
        node = onnx.NodeProto.FromString(original.SerializeToString())
        if node.op_type == "Conv":
            channels[node.output[0]] = _pad(node, weights, channels, kept)
        elif node.op_type == "Concat":
            channels[node.output[0]] = _joined(node, channels)
        elif node.op_type in _EACH_CHANNEL_BY_ITSELF:
            _carry_over(node, channels)
        nodes.append(node)

    return rebuilt(model, nodes, weights)


def _not_to_pad(model: onnx.ModelProto, weights: Mapping[str, _Array]) -> set[str]:
    """Tensors that reach an operator, or the end, where one more channel would be noticed."""
    kept = {value.name for value in model.graph.output}
    for node in reversed(model.graph.node):
        if node.op_type == "Conv":
            continue
        blind = node.op_type == "Concat" or _is_blind(node, weights)
        if not blind or node.output[0] in kept:
            kept.update(node.input)
    return kept


def _is_blind(node: onnx.NodeProto, weights: Mapping[str, _Array]) -> bool:
    """Whether more channels of zeros are nothing to ``node``."""
    by_a_constant = node.op_type in {"Add", "Mul"} and any(
        name in weights and weights[name].size > 1 for name in node.input
    )
    return node.op_type in _EACH_CHANNEL_BY_ITSELF and not by_a_constant


def _pad(
    node: onnx.NodeProto,
    weights: dict[str, _Array],
    channels: Mapping[str, _Channels],
    kept: set[str],
) -> _Channels:
    """Gives a convolution padded weights; where its output channels are then."""
    source, weight_name, *bias_name = node.input
    weight = weights[weight_name]
    outputs, inputs = weight.shape[:2]
    given = channels.get(source, _Channels.padded(inputs, inputs))
    if len(given.positions) != inputs:
        raise _refusal(node, "takes its channels in groups")
    multiple = 1 if node.output[0] in kept else MULTIPLE
    made = _Channels.padded(outputs, -(-outputs // multiple) * multiple)

    padded_weight = np.zeros((made.count, given.count, *weight.shape[2:]), np.float32)
    padded_weight[:outputs, given.positions] = weight
    node.input[1] = f"{weight_name}.padded"
    weights[node.input[1]] = padded_weight
    for name in bias_name:
        node.input[2] = f"{name}.padded"
        weights[node.input[2]] = np.pad(weights[name], (0, made.count - outputs))
    return made


def _joined(node: onnx.NodeProto, channels: Mapping[str, _Channels]) -> _Channels:
    """Where a concatenation has its parts' channels."""
    if any(name not in channels for name in node.input):
        raise _refusal(node, "joins what no convolution made")
    return _Channels.concatenated([channels[name] for name in node.input])


def _carry_over(node: onnx.NodeProto, channels: dict[str, _Channels]) -> None:
    """The output's channels lie as the inputs' do."""
    given = [channels[name] for name in node.input if name in channels]
    if not given:
        return
    first = given[0]
    for other in given[1:]:
        if first.count != other.count or not np.array_equal(first.positions, other.positions):
            raise _refusal(node, "joins tensors that are padded differently")
    channels[node.output[0]] = first


def _refusal(node: onnx.NodeProto, reason: str) -> EngineBuilderError:
    return EngineBuilderError(
        f"This network's channels cannot be padded ({node.name} {reason}); build it with --fp32."
    )
