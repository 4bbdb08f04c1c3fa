from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from models.spec import METADATA_KEY, ModelSpec
from models.weights import (
    DEFAULT_WEIGHTS,
    SHIPPED_SHA256,
    WeightsError,
    read_weights,
    sealed,
)
from tests.locations import ROOT
from tests.models.tiny_model import TINY_SPEC, tiny_model, write_tiny_model


def test_the_shipped_weights_are_whole() -> None:
    weights = read_weights(DEFAULT_WEIGHTS)
    assert weights.content == DEFAULT_WEIGHTS.read_bytes()
    assert weights.sha256 == hashlib.sha256(weights.content).hexdigest() == SHIPPED_SHA256
    assert f"`{SHIPPED_SHA256}`" in (ROOT / "docs" / "model-card.md").read_text(encoding="utf-8")
    assert (weights.spec.height, weights.spec.width) == (352, 352)


def test_another_whole_model_does_not_pass_for_the_shipped_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_tiny_model(tmp_path)
    assert read_weights(path).spec == TINY_SPEC
    monkeypatch.setattr("models.weights.DEFAULT_WEIGHTS", path)
    with pytest.raises(WeightsError, match=r"tiny\.onnx is another model than this version ships"):
        read_weights(path)


def test_another_input_size_changes_the_size_alone(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path)
    whole, small = read_weights(path), read_weights(path, 64)
    assert small.spec == replace(TINY_SPEC, height=64, width=64)
    assert small.sha256 == whole.sha256
    model = onnx.load_model_from_string(small.content)
    onnx.checker.check_model(model, full_check=True)
    assert (
        ModelSpec.from_metadata({e.key: e.value for e in model.metadata_props}, path) == small.spec
    )
    assert model.graph.node == tiny_model().graph.node
    assert model.graph.initializer == tiny_model().graph.initializer


@pytest.mark.parametrize(("size", "fitting"), [(100, 128), (0, 32), (-5, 32), (33, 64)])
def test_an_input_size_that_the_network_cannot_halve_is_refused(
    tmp_path: Path, size: int, fitting: int
) -> None:
    with pytest.raises(WeightsError, match=f"no input of {size} pixels; use {fitting}"):
        read_weights(write_tiny_model(tmp_path), size)


def test_a_quantised_graph_is_known_by_its_nodes(tmp_path: Path) -> None:
    model = tiny_model()
    model.graph.node.add(op_type="QuantizeLinear", input=["mean", "scale"], output=["q"])
    path = tmp_path / "int8.onnx"
    path.write_bytes(sealed(model))
    assert read_weights(path).precision == "INT8"
    assert read_weights(write_tiny_model(tmp_path)).precision == "FP32"


def test_sealing_changes_nothing_else(tmp_path: Path) -> None:
    model = tiny_model()
    content = sealed(model)
    assert content == sealed(model) == sealed(onnx.load_model_from_string(content))
    path = tmp_path / "copy.onnx"
    path.write_bytes(content)
    assert read_weights(path).spec == TINY_SPEC
    stored = onnx.load_model_from_string(content)
    assert stored.graph == model.graph
    assert [entry.key for entry in model.metadata_props] == [METADATA_KEY]


def test_a_thousand_changed_bytes_are_a_thousand_refusals(tmp_path: Path) -> None:
    path = write_tiny_model(tmp_path)
    original = path.read_bytes()
    chance = random.Random(0)
    for _ in range(1000):
        changed = bytearray(original)
        changed[chance.randrange(len(changed))] ^= chance.randrange(1, 256)
        path.write_bytes(changed)
        with pytest.raises(WeightsError, match=r"tiny\.onnx"):
            read_weights(path)


def test_a_changed_byte_of_the_shipped_weights_is_refused(tmp_path: Path) -> None:
    content = DEFAULT_WEIGHTS.read_bytes()
    path = tmp_path / "changed.onnx"
    for place in (0, len(content) // 2, len(content) - 1):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(WeightsError, match="changed"):
            read_weights(path)


def test_what_is_no_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"no weights file .*absent\.onnx"):
        read_weights(tmp_path / "absent.onnx")
    with pytest.raises(WeightsError, match="cannot be read"):
        read_weights(tmp_path)


def test_what_is_no_onnx_file_is_named(tmp_path: Path) -> None:
    whole = write_tiny_model(tmp_path).read_bytes()
    path = tmp_path / "broken.onnx"
    for content in (b"", b"GIF89a", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(WeightsError, match=r"broken\.onnx is truncated, or no"):
            read_weights(path)


def test_a_device_is_no_weights_file() -> None:
    with pytest.raises(WeightsError, match="is a device or a pipe"):
        read_weights(Path("/dev/zero"))


def test_an_onnx_file_without_a_checksum_is_not_taken(tmp_path: Path) -> None:
    path = tmp_path / "unsealed.onnx"
    path.write_bytes(tiny_model().SerializeToString())
    with pytest.raises(WeightsError, match=r"export\.py"):
        read_weights(path)


def _without_metadata(model: onnx.ModelProto) -> None:
    del model.metadata_props[:]


def _with_half_the_metadata(model: onnx.ModelProto) -> None:
    model.metadata_props[0].value = '{"name": "tiny"}'


def _with_endless_metadata(model: onnx.ModelProto) -> None:
    model.metadata_props[0].value = "[" * 100_000


def _of_another_size(model: onnx.ModelProto) -> None:
    helper.set_model_props(model, replace(TINY_SPEC, height=352).to_metadata())


def _with_a_float_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.FLOAT


def _with_another_output(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("mean", TensorProto.FLOAT, [1, 24, 32]))


@pytest.mark.parametrize(
    "change",
    [
        _without_metadata,
        _with_half_the_metadata,
        _with_endless_metadata,
        _of_another_size,
        _with_a_float_input,
        _with_another_output,
    ],
)
def test_what_is_no_deployable_model_says_how_to_make_one(
    tmp_path: Path, change: Callable[[onnx.ModelProto], None]
) -> None:
    model = tiny_model()
    change(model)
    path = tmp_path / "other.onnx"
    path.write_bytes(sealed(model))
    with pytest.raises(WeightsError, match=r"export\.py") as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "claim",
    [
        {"name": "../../elsewhere"},
        {"name": ".hidden"},
        {"name": 3},
        {"height": 24.0},
        {"mean": [0.5, 0.5]},
        {"deviation": [0.5, 0.5, float("nan")]},
        {"threshold": "0.5"},
        {"threshold": 1.5},
        {"threshold": float("nan")},
        {"least_area": -0.1},
        {"core_margin": 1e9},
        {"core_margin": -1.0},
        {"core_margin": None},
    ],
    ids=str,
)
def test_a_model_that_claims_the_impossible_is_refused(
    tmp_path: Path, claim: dict[str, object]
) -> None:
    """Engines are put into folders of its name, and masks are drawn at its threshold."""
    model = tiny_model()
    claimed = json.dumps(asdict(TINY_SPEC) | claim)
    helper.set_model_props(model, {METADATA_KEY: claimed})
    path = tmp_path / "claims.onnx"
    path.write_bytes(sealed(model))
    with pytest.raises(WeightsError, match=r"claims\.onnx is not a deployable PolypLens model"):
        read_weights(path)


@pytest.mark.parametrize("location", ["/etc/passwd", "../secret.bin", "beside.bin", "link.bin"])
def test_weights_in_other_files_are_refused(tmp_path: Path, location: str) -> None:
    (tmp_path / "beside.bin").write_bytes(bytes(4))
    (tmp_path / "link.bin").symlink_to("/etc/passwd")
    model = tiny_model()
    _keep_elsewhere(model.graph.initializer[0], location)
    path = tmp_path / "outside.onnx"
    path.write_bytes(sealed(model))
    with pytest.raises(WeightsError, match="third in another file"):
        read_weights(path)


@pytest.mark.parametrize("attribute", ["sparse_tensor", "sparse_tensors"])
def test_weights_in_other_files_are_found_in_sparse_constants(
    tmp_path: Path, attribute: str
) -> None:
    model = tiny_model()
    constant = helper.make_node("Constant", [], ["sparse"])
    kept = constant.attribute.add(name="sparse_value")
    values = getattr(kept, attribute)
    sparse = values if attribute == "sparse_tensor" else values.add()
    sparse.indices.name = "hidden"
    _keep_elsewhere(sparse.indices, "/etc/passwd")
    model.graph.node.insert(0, constant)
    path = tmp_path / "sparse.onnx"
    path.write_bytes(sealed(model))
    with pytest.raises(WeightsError, match="hidden in another file"):
        read_weights(path)


def test_weights_in_other_files_are_found_in_nested_graphs(tmp_path: Path) -> None:
    constant = helper.make_tensor("hidden", TensorProto.FLOAT, [1], [0.0])
    _keep_elsewhere(constant, "/etc/passwd")
    branch = helper.make_graph(
        [helper.make_node("Constant", [], ["inner"], value=constant)],
        "branch",
        [],
        [helper.make_tensor_value_info("inner", TensorProto.FLOAT, [1])],
    )
    model = tiny_model()
    condition = helper.make_tensor("condition", TensorProto.BOOL, [], [True])
    model.graph.initializer.append(condition)
    model.graph.node.append(
        helper.make_node("If", ["condition"], ["unused"], then_branch=branch, else_branch=branch)
    )
    path = tmp_path / "nested.onnx"
    path.write_bytes(sealed(model))
    with pytest.raises(WeightsError, match="hidden in another file"):
        read_weights(path)


def _keep_elsewhere(tensor: onnx.TensorProto, location: str) -> None:
    tensor.ClearField("float_data")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
