"""What the builder is asked for, and what it says when it fails."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from engine_builder.command_line import EngineBuilderError
from engine_builder.plan import BUILDER_LOG, build_plan
from engine_builder.precision import folded, to_half
from engine_builder.tensorrt_flavour import Flavour, find_flavour
from models.weights import read_weights
from tests.engine_builder.conftest import SMALL_FRAME

WITHOUT_GPU = pytest.mark.skipif(
    Path("/dev/nvidiactl").exists(), reason="is about machines without an NVIDIA GPU"
)


@pytest.fixture(scope="module")
def rtx() -> Flavour:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")
    return find_flavour(["sm_75"], None)


@pytest.fixture(scope="module")
def graph(small_model: Path) -> bytes:
    model = folded(onnx.load_model_from_string(read_weights(small_model).content))
    return to_half(model, np.zeros(SMALL_FRAME, np.uint8)).SerializeToString()


def test_rtx_itself_names_the_layers_also_where_the_gpu_is_present(
    rtx: Flavour, graph: bytes
) -> None:
    """So an engine that is compiled on its device alone is proven before it goes there."""
    built = build_plan(rtx, graph, "sm_75", on_present_gpu=True, on_phase=lambda name: None)
    assert built.layer_source == BUILDER_LOG
    assert built.layer_information.count("LayerType: ") > 100


@WITHOUT_GPU
def test_a_gpu_that_rtx_has_no_name_for_is_asked_for_as_the_present_one(
    rtx: Flavour, graph: bytes
) -> None:
    """Here there is none: the reason is the first one given, not what came of it."""
    with pytest.raises(
        EngineBuilderError,
        match=r"cannot build an engine for sm_90: .*generateForCurrent.*requirements-gpu\.txt$",
    ):
        build_plan(rtx, graph, "sm_90", on_present_gpu=True, on_phase=lambda name: None)


def test_what_is_no_graph_is_refused(rtx: Flavour) -> None:
    with pytest.raises(EngineBuilderError, match=r"^tensorrt_rtx [\d.]+ refuses the graph \("):
        build_plan(rtx, b"no graph", "sm_75", on_present_gpu=False, on_phase=lambda name: None)
