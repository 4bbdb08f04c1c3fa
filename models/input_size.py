"""The same network at another input size: it is convolutions throughout, so its weights fit any.

A smaller input takes less time and sees less; ``docs/results.md`` says how much of either.
"""

from __future__ import annotations

from dataclasses import replace

import onnx

from models.spec import STRIDE, ModelSpec


def fitting_side(side: int) -> int:
    """The side that the network takes which is nearest to ``side`` from above."""
    return max(STRIDE, -(-side // STRIDE) * STRIDE)


def resized(
    model: onnx.ModelProto, spec: ModelSpec, side: int
) -> tuple[onnx.ModelProto, ModelSpec]:
    """A copy of the deployable graph ``model`` that takes (side, side), and what it says of itself.

    Args:
        side: a multiple of ``STRIDE``, in pixels.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in (*copy.graph.input, *copy.graph.output):
        for dimension in value.type.tensor_type.shape.dim[1:3]:
            dimension.dim_value = side
    # Sizes in between, where the graph names any, are those of the old input.
    del copy.graph.value_info[:]
    new = replace(spec, height=side, width=side)
    metadata = {entry.key: entry.value for entry in copy.metadata_props}
    onnx.helper.set_model_props(copy, metadata | new.to_metadata())
    return copy, new
