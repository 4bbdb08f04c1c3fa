"""Reads from TensorRT's own description of an engine in which precision each layer runs.

A flag that was ignored, or a graph that was not cast, shows here and nowhere else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from engine_builder.command_line import EngineBuilderError
from engine_builder.precision import FP16, FP32, INT8

LEAST_SHARE = 0.8
"""Of the layers that must run in the precision asked for."""

OTHER = "other"

_TENSORS = r"\[(?:[^{}\]]*\{[^{}]*\})*[^{}\]]*\]"
_LAYER = re.compile(
    rf"^Name: .*?, LayerType: \w+, Inputs: (?P<inputs>{_TENSORS}),"
    rf"(?: Constants: {_TENSORS},)? Outputs: (?P<outputs>{_TENSORS})",
    re.MULTILINE,
)
# TensorRT-RTX and recent TensorRT write "Half", earlier ones "Row major linear FP16 format".
_WORDS = {
    INT8: re.compile(r"(?:Datatype|Format/Datatype): [^,}]*\b(?:Int8|INT8)\b"),
    FP32: re.compile(r"(?:Datatype|Format/Datatype): [^,}]*\b(?:Float|FP32)\b"),
    FP16: re.compile(r"(?:Datatype|Format/Datatype): [^,}]*\b(?:Half|FP16)\b"),
}
"""In the order in which they decide: a layer that touches a float32 tensor is no FP16 layer."""


def count_layers(layer_information: str) -> dict[str, int]:
    """How many layers run in ``FP32``, ``FP16``, ``INT8`` and ``other``.

    Judged by the tensors that a layer reads and writes; constants do not count, since the bounds of
    a fused ReLU6 are float32 in any engine. Layers without tensors only wait or signal.

    Args:
        layer_information: one line a layer, as the engine inspector (``ONELINE``) and the verbose
            builder log give it.
    """
    counts: Counter[str] = Counter()
    for layer in _LAYER.finditer(layer_information):
        tensors = layer["inputs"] + layer["outputs"]
        if "{" in tensors:
            counts[_precision(tensors)] += 1
    return dict(sorted(counts.items()))


def require_precision(layers: Mapping[str, int], precision: str) -> None:
    """Refuses an engine that does not run in the precision asked for.

    Raises:
        EngineBuilderError: fewer than ``LEAST_SHARE`` of the layers do, or TensorRT named none.
    """
    total = sum(layers.values())
    if total == 0:
        raise EngineBuilderError(
            "TensorRT said nothing of the layers it built, so their precision is unproven; "
            "install the version that requirements-gpu.txt names."
        )
    share = layers.get(precision, 0) / total
    if share < LEAST_SHARE:
        found = ", ".join(f"{count} {name}" for name, count in layers.items())
        raise EngineBuilderError(
            f"Only {share:.0%} of the engine's {total} layers run in {precision} ({found}), where "
            f"{LEAST_SHARE:.0%} must; this GPU or graph needs another precision."
        )


def _precision(tensors: str) -> str:
    for precision, words in _WORDS.items():
        if words.search(tensors):
            return precision
    return OTHER
