from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper

from models.backends.base import Backend, BackendError
from models.backends.first_that_works import FirstThatWorks
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.openvino_backend import OpenVinoBackend
from models.backends.openvino_without_telemetry import openvino
from models.backends.stand_in import StandInBackend
from models.backends.tensorrt_backend import TensorRTBackend
from models.geometry import Area
from models.picture import Picture
from models.weights import WeightsError, sealed
from tests.models.engine_folders import write_folder
from tests.models.tiny_model import TINY_SPEC, tiny_answer, tiny_model, write_tiny_model

FAILURE = "None of these works."


def both(weights: Path) -> list[tuple[str, Callable[[], Backend]]]:
    """OpenVINO, and after it ONNX Runtime."""
    return [
        ("openvino", partial(OpenVinoBackend, weights)),
        ("onnxruntime", partial(OnnxRuntimeBackend, weights)),
    ]


def write_extended_model(folder: Path, operator: str) -> Path:
    """The tiny model by way of ``operator`` of ONNX Runtime's own, which OpenVINO does not have.

    ``ExpandDims`` leaves the answer as it is; one that does not exist is refused by both.
    """
    model = tiny_model()
    cast, mean, *others = model.graph.node
    expanded = helper.make_node(
        operator, [cast.output[0], "place"], ["expanded"], domain="com.microsoft"
    )
    squeezed = helper.make_node("Squeeze", ["expanded", "places"], ["squeezed"])
    mean.input[0] = "squeezed"
    nodes = [cast, expanded, squeezed, mean, *others]
    model.graph.ClearField("node")
    model.graph.node.extend(nodes)
    model.graph.initializer.extend(
        [
            helper.make_tensor("place", TensorProto.INT32, [], [0]),
            helper.make_tensor("places", TensorProto.INT64, [1], [0]),
        ]
    )
    model.opset_import.append(helper.make_opsetid("com.microsoft", 1))
    path = folder / "extended.onnx"
    path.write_bytes(sealed(model))
    return path


def test_the_first_is_taken_where_it_works(tmp_path: Path) -> None:
    with FirstThatWorks(both(write_tiny_model(tmp_path)), FAILURE) as backend:
        assert backend.info.backend == "openvino"
        assert backend.info.passed_over == ()


def test_one_that_cannot_load_the_network_gives_way_and_is_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    weights = write_extended_model(tmp_path, "ExpandDims")
    frame = np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8)
    backend = FirstThatWorks(both(weights), FAILURE)
    for _ in range(2):
        with backend:
            assert backend.info.backend == "onnxruntime"
            (notice,) = backend.info.passed_over
            assert np.abs(backend.infer(frame) - tiny_answer(frame)).max() <= 0.5
            picture, whole = Picture(frame), Area(0, 0, 32, 24)
            assert np.array_equal(backend.infer_picture(picture, whole), backend.infer(frame))
    assert notice.startswith("openvino is not used: OpenVINO cannot load")
    warnings = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [notice]


def test_when_none_works_every_reason_is_given(tmp_path: Path) -> None:
    backend = FirstThatWorks(both(write_extended_model(tmp_path, "NoSuchOperator")), FAILURE)
    reasons = rf"^{FAILURE} openvino is not used: .* onnxruntime is not used: "
    for _ in range(2):
        with pytest.raises(BackendError, match=reasons) as failure:
            backend.__enter__()
        assert str(failure.value).count("is not used") == 2


def test_the_network_belongs_to_the_one_that_works(tmp_path: Path) -> None:
    engine = write_folder(tmp_path / "engine").certificate
    weights = write_tiny_model(tmp_path)
    candidates: list[tuple[str, Callable[[], Backend]]] = [
        ("tensorrt", partial(TensorRTBackend, tmp_path / "engine")),
        *both(weights),
    ]
    backend = FirstThatWorks(candidates, FAILURE)
    assert backend.spec == engine.spec
    with backend:
        assert backend.spec == TINY_SPEC


def test_refused_weights_are_no_reason_to_try_another(tmp_path: Path) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(b"no model")
    with pytest.raises(WeightsError, match=r"broken\.onnx"):
        FirstThatWorks(both(path), FAILURE)


def test_a_network_is_loaded_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loads = []
    compile_model = openvino.Core.compile_model

    def counted(*given: Any, **named: Any) -> openvino.CompiledModel:
        loads.append(given)
        return compile_model(*given, **named)

    with FirstThatWorks(both(write_tiny_model(tmp_path)), FAILURE):
        pass  # by now the precision is chosen
    monkeypatch.setattr(openvino.Core, "compile_model", counted)
    with FirstThatWorks(both(write_tiny_model(tmp_path)), FAILURE):
        assert len(loads) == 1


class _Pinning(StandInBackend):
    """Keeps what it was told of."""

    pinned: NDArray[np.uint8] | None = None

    def _pin(self, memory: NDArray[np.uint8]) -> None:
        self.pinned = memory


def test_the_one_that_works_learns_where_pictures_will_lie() -> None:
    works = _Pinning(TINY_SPEC, latency_ms=0)
    backend = FirstThatWorks([("stand-in", lambda: works)], FAILURE)
    memory = np.zeros(100, np.uint8)
    with pytest.raises(RuntimeError, match="not active"):
        backend.pin(memory)
    with backend:
        backend.pin(memory)
    assert works.pinned is memory
