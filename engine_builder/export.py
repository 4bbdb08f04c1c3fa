"""Checkpoint to one deployable ONNX file: ``python engine_builder/export.py CHECKPOINT -o FILE``.

The graph takes ``frame`` (1, H, W, 3) uint8 RGB and gives ``probability`` (1, H, W) uint8, 255 =
certain; normalisation, sigmoid and rounding are inside, so every runtime shares them. The
``ModelSpec`` travels in the file's metadata.

Convolution weights are stored in half precision, each followed by a cast to float32; arithmetic is
float32 throughout. Weights of a float32 checkpoint are thereby rounded to half precision once.
Batch normalisation stays unfused, and every weight keeps its name in the state dictionary:
``models.hardnet_mseg.load_checkpoint`` reads back the very weights that the file runs with.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])
if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from torch import fx

from engine_builder.command_line import EngineBuilderError, add_debug_option, run_command
from models.hardnet_checkpoint import CheckpointError
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.option_values import input_size, number_within
from models.spec import LARGEST_CORE_MARGIN, ModelSpec
from models.weights import sealed
from models.whole_file import require_place, write_whole

OPSET = 19
"""The first whose quantisation takes half precision; every runtime here knows it."""

SHIPPED_SPEC = ModelSpec(least_area=0.001, core_margin=1.0)
"""Of the weights that ship; each value is an option's default."""


def export_checkpoint(checkpoint: Path, spec: ModelSpec) -> bytes:
    """The deployable ONNX file of a ``.pth``, ``.safetensors`` or ``.onnx``; the same each time.

    Raises:
        EngineBuilderError: the checkpoint is missing, damaged, or holds another network.
    """
    try:
        network = load_checkpoint(checkpoint)
    except CheckpointError as error:
        raise EngineBuilderError(str(error)) from error
    return sealed(export(network, spec))


def export(network: HarDNetMSEG, spec: ModelSpec) -> onnx.ModelProto:
    """The deployable graph of ``network``, which must be in eval mode, at the size ``spec`` names.

    Raises:
        EngineBuilderError: a convolution weight does not fit half precision.
    """
    picture = torch.zeros(1, 3, spec.height, spec.width)
    program = torch.export.export(network, (picture,))
    state_names = {
        **program.graph_signature.inputs_to_parameters,
        **program.graph_signature.inputs_to_buffers,
    }
    graph = _Graph()
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            graph.add_weight(name, value.numpy())

    logit = ""
    names: dict[fx.Node, str] = {}
    for node in program.graph.nodes:
        if node.op == "placeholder":
            # The one placeholder that is no weight is the input.
            names[node] = state_names.get(node.name) or _normalised(graph, spec)
        elif node.op == "call_function":
            names[node] = _TRANSLATIONS[str(node.target)](graph, node, names)
            logit = names[node]
    _probability(graph, spec, logit)
    return graph.model(spec)


class _Graph:
    """Collects nodes and weights; every node is named after the module that it comes from."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.weights: list[onnx.TensorProto] = []
        self.runtime_names: dict[str, str] = {}
        self._used: dict[str, int] = {}

    def add_weight(self, name: str, value: NDArray[np.float32]) -> None:
        """A constant; four-dimensional ones are stored in half precision and cast when run."""
        if value.ndim == 4:
            if np.abs(value).max() > np.finfo(np.float16).max:
                raise EngineBuilderError(
                    f"{name} has weights beyond half precision, which ends at 65504."
                )
            self.weights.append(numpy_helper.from_array(value.astype(np.float16), name))
            self.runtime_names[name] = self.add(
                "Cast", f"{name}.float32", [name], to=TensorProto.FLOAT
            )
        else:
            self.weights.append(numpy_helper.from_array(value, name))

    def add(self, operator: str, name: str, inputs: list[str], **attributes: Any) -> str:
        """Adds a node and returns the name of its one output, which is the node's own."""
        count = self._used.get(name, 0)
        self._used[name] = count + 1
        unique = f"{name}.{count}" if count else name
        sources = [self.runtime_names.get(source, source) for source in inputs]
        self.nodes.append(helper.make_node(operator, sources, [unique], unique, **attributes))
        return unique

    def constant(self, name: str, value: float | list[float] | list[list[list[float]]]) -> str:
        if all(weight.name != name for weight in self.weights):
            self.weights.append(numpy_helper.from_array(np.array(value, np.float32), name))
        return name

    def model(self, spec: ModelSpec) -> onnx.ModelProto:
        frame = helper.make_tensor_value_info(
            spec.input_name, TensorProto.UINT8, [1, spec.height, spec.width, 3]
        )
        probability = helper.make_tensor_value_info(
            spec.output_name, TensorProto.UINT8, [1, spec.height, spec.width]
        )
        graph = helper.make_graph(self.nodes, spec.name, [frame], [probability], self.weights)
        model = helper.make_model(
            graph,
            producer_name="polyplens",
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=helper.find_min_ir_version_for([helper.make_opsetid("", OPSET)]),
        )
        helper.set_model_props(model, spec.to_metadata())
        onnx.checker.check_model(model, full_check=True)
        return model


def _normalised(graph: _Graph, spec: ModelSpec) -> str:
    """uint8 NHWC to normalised float NCHW; cast first, since TensorRT cannot transpose uint8."""
    scale = [[[1 / (255 * deviation)]] for deviation in spec.deviation]
    offset = [
        [[-mean / deviation]] for mean, deviation in zip(spec.mean, spec.deviation, strict=True)
    ]
    x = graph.add("Cast", "input.cast", [spec.input_name], to=TensorProto.FLOAT)
    x = graph.add("Transpose", "input.transpose", [x], perm=[0, 3, 1, 2])
    x = graph.add("Mul", "input.scaled", [x, graph.constant("input.scale", scale)])
    return graph.add("Add", "input.normalised", [x, graph.constant("input.offset", offset)])


def _probability(graph: _Graph, spec: ModelSpec, logit: str) -> None:
    """(1, 1, H, W) logits to (1, H, W) uint8; reshaped while still float, as TensorRT wants it."""
    channel = "output.channel"
    graph.weights.append(numpy_helper.from_array(np.array([1], np.int64), channel))
    x = graph.add("Sigmoid", "output.sigmoid", [logit])
    x = graph.add("Squeeze", "output.squeezed", [x, channel])
    x = graph.add("Mul", "output.scaled", [x, graph.constant("output.scale", [255.0])])
    x = graph.add("Round", "output.rounded", [x])
    graph.add("Cast", spec.output_name, [x], to=TensorProto.UINT8)


_Names = dict[fx.Node, str]
_Translation = Callable[[_Graph, fx.Node, _Names], str]


def _module(node: fx.Node) -> str:
    """The path in the network of the module that ``node`` belongs to."""
    path, _ = list(node.meta["nn_module_stack"].values())[-1]
    return str(path)


def _arguments(node: fx.Node) -> dict[str, Any]:
    """Every argument by its name in the operator's schema, defaults filled in."""
    assert isinstance(node.target, torch._ops.OpOverload)
    schema = node.target._schema.arguments
    given = {argument.name: value for argument, value in zip(schema, node.args, strict=False)}
    return {argument.name: argument.default_value for argument in schema} | given | node.kwargs


def _convolution(graph: _Graph, node: fx.Node, names: _Names) -> str:
    given = _arguments(node)
    inputs = [given["input"], given["weight"], given["bias"]]
    return graph.add(
        "Conv",
        _module(node),
        [names[source] for source in inputs if source is not None],
        strides=given["stride"],
        pads=[*given["padding"], *given["padding"]],
        dilations=given["dilation"],
        group=given["groups"],
    )


def _batch_norm(graph: _Graph, node: fx.Node, names: _Names) -> str:
    given = _arguments(node)
    inputs = ("input", "weight", "bias", "running_mean", "running_var")
    return graph.add(
        "BatchNormalization",
        _module(node),
        [names[given[name]] for name in inputs],
        epsilon=given["eps"],
    )


def _clip(graph: _Graph, node: fx.Node, names: _Names) -> str:
    given = _arguments(node)
    least = graph.constant("relu6.least", given["min_val"])
    most = graph.constant("relu6.most", given["max_val"])
    return graph.add("Clip", _module(node), [names[given["self"]], least, most])


def _max_pool(graph: _Graph, node: fx.Node, names: _Names) -> str:
    given = _arguments(node)
    return graph.add(
        "MaxPool",
        _module(node),
        [names[given["self"]]],
        kernel_shape=given["kernel_size"],
        strides=given["stride"],
        pads=[*given["padding"], *given["padding"]],
    )


def _concatenation(graph: _Graph, node: fx.Node, names: _Names) -> str:
    given = _arguments(node)
    inputs = [names[source] for source in given["tensors"]]
    return graph.add("Concat", f"{_module(node)}.concat", inputs, axis=given["dim"])


def _bilinear(graph: _Graph, node: fx.Node, names: _Names) -> str:
    given = _arguments(node)
    factors = given["scale_factors"]
    scales = graph.constant(f"resize.scales.{factors[0]:g}", [1.0, 1.0, *factors])
    return graph.add(
        "Resize",
        f"{_module(node)}.resize" if _module(node) else "output.resize",
        [names[given["input"]], "", scales],
        mode="linear",
        coordinate_transformation_mode="align_corners" if given["align_corners"] else "half_pixel",
    )


def _elementwise(operator: str) -> _Translation:
    def translate(graph: _Graph, node: fx.Node, names: _Names) -> str:
        inputs = [names[source] for source in node.all_input_nodes]
        return graph.add(operator, f"{_module(node)}.{operator.lower()}", inputs)

    return translate


_TRANSLATIONS: dict[str, _Translation] = {
    "aten.conv2d.default": _convolution,
    "aten.batch_norm.default": _batch_norm,
    "aten.hardtanh_.default": _clip,
    "aten.max_pool2d.default": _max_pool,
    "aten.cat.default": _concatenation,
    "aten.upsample_bilinear2d.vec": _bilinear,
    "aten.add.Tensor": _elementwise("Add"),
    "aten.mul.Tensor": _elementwise("Mul"),
    "aten.relu.default": _elementwise("Relu"),
}
"""Every operator that HarDNet-MSEG consists of."""


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="export.py", description="Checkpoint to one deployable ONNX file."
    )
    parser.add_argument("checkpoint", type=Path, help=".pth, .safetensors or .onnx")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the ONNX file to write")
    parser.add_argument(
        "--size", type=input_size, default=SHIPPED_SPEC.width, help="input side in pixels (352)"
    )
    parser.add_argument(
        "--threshold",
        type=number_within(0, 1),
        default=SHIPPED_SPEC.threshold,
        help="in [0, 1] (0.5)",
    )
    parser.add_argument(
        "--least-area",
        type=number_within(0, 1),
        default=SHIPPED_SPEC.least_area,
        help="share of the picture that a marked region's core has to cover (0.001)",
    )
    parser.add_argument(
        "--core-margin",
        type=number_within(0, LARGEST_CORE_MARGIN),
        default=SHIPPED_SPEC.core_margin,
        help="by how much, in logits, a core exceeds the threshold (0)",
    )
    add_debug_option(parser)
    options = parser.parse_args(arguments)
    return run_command(lambda: _export_file(options), debug=options.debug)


def _export_file(options: argparse.Namespace) -> None:
    require_place(options.output, options.checkpoint)
    spec = ModelSpec(
        height=options.size,
        width=options.size,
        threshold=options.threshold,
        least_area=options.least_area,
        core_margin=options.core_margin,
    )
    content = export_checkpoint(options.checkpoint, spec)
    write_whole(options.output, content)
    print(f"{options.output}: {len(content) / 1e6:.1f} MB, {spec.height}x{spec.width}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
