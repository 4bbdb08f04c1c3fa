"""The deployable graph: its numbers, what it stores, and what is refused."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file

from engine_builder.export import SHIPPED_SPEC, export, main
from engine_builder.quantise import main as quantise
from models.backends.openvino_without_telemetry import openvino
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.spec import ModelSpec
from models.weights import read_weights, sealed
from tests.engine_builder.conftest import Run
from tests.engine_builder.sentences import assert_one_sentence
from tests.locations import WEIGHTS, shared
from tests.models.drawn_weights import drawn_state

LARGEST_FILE_BYTES = 36_000_000


def by_torch(network: HarDNetMSEG, frame: NDArray[np.uint8], spec: ModelSpec) -> NDArray[np.uint8]:
    """What the deployable graph has to give, computed by the network itself."""
    mean = torch.tensor(spec.mean).view(3, 1, 1)
    deviation = torch.tensor(spec.deviation).view(3, 1, 1)
    picture = (torch.from_numpy(frame.copy()).permute(2, 0, 1) / 255 - mean) / deviation
    with torch.no_grad():
        probability = torch.sigmoid(network(picture[None]))[0, 0]
    return np.asarray((probability * 255).round().to(torch.uint8))


def by_onnxruntime(content: bytes, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["probability"], {"frame": frame[None]})[0], np.uint8)


def by_openvino(path: Path, frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
    model = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.asarray(model({"frame": frame[None]})["probability"], np.uint8)


def largest_difference(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> int:
    return int(np.abs(one.astype(np.int16) - other).max())


def drawn_network() -> HarDNetMSEG:
    network = HarDNetMSEG()
    network.load_state_dict(drawn_state("export"))
    return network.eval()


@pytest.mark.parametrize("height, width", [(352, 352), (64, 96)])
def test_every_runtime_agrees_with_torch_on_drawn_weights(
    tmp_path: Path, height: int, width: int
) -> None:
    spec = ModelSpec(height=height, width=width)
    network = drawn_network()
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.copy_(parameter.half())
    frame = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    content = export(network, spec).SerializeToString()
    path = tmp_path / "model.onnx"
    path.write_bytes(content)

    expected = by_torch(network, frame, spec)
    assert expected.std() > 10
    for answer in (by_onnxruntime(content, frame), by_openvino(path, frame)):
        assert answer.shape == (1, height, width)
        assert largest_difference(answer[0], expected) <= 1


@pytest.mark.slow
def test_shipped_weights_agree_with_torch_on_real_images() -> None:
    images = sorted(shared("data/kvasir-seg/images").glob("*.jpg"))[::200]
    network = load_checkpoint(WEIGHTS)
    content = WEIGHTS.read_bytes()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    assert len(images) == 5
    for path in images:
        picture = Image.open(path).convert("RGB").resize((352, 352), Image.Resampling.BILINEAR)
        frame = np.asarray(picture)
        answer = np.asarray(session.run(None, {"frame": frame[None]})[0], np.uint8)
        assert largest_difference(answer[0], by_torch(network, frame, SHIPPED_SPEC)) <= 1


def test_the_shipped_file_is_small_and_says_what_it_is() -> None:
    weights = read_weights(WEIGHTS)
    assert len(weights.content) <= LARGEST_FILE_BYTES
    assert (weights.spec.width, weights.spec.height) == (352, 352)
    model = onnx.load_model_from_string(weights.content)
    onnx.checker.check_model(model, full_check=True)
    kernels = [weight for weight in model.graph.initializer if len(weight.dims) == 4]
    assert len(kernels) == 121
    assert {kernel.data_type for kernel in kernels} == {onnx.TensorProto.FLOAT16}


def test_a_float32_checkpoint_is_rounded_once_and_then_round_trips(tmp_path: Path) -> None:
    network = drawn_network()
    first = tmp_path / "first.onnx"
    first.write_bytes(sealed(export(network, SHIPPED_SPEC)))
    stored = load_checkpoint(first)
    for name, value in network.state_dict().items():
        if value.is_floating_point():
            expected = value.half().float() if value.ndim == 4 else value
            assert torch.equal(stored.state_dict()[name], expected), name

    second = sealed(export(stored, SHIPPED_SPEC))
    assert second == first.read_bytes()


def test_weights_beyond_half_precision_are_refused(export: Run, tmp_path: Path) -> None:
    state = drawn_state("large")
    state["agg1.conv4.conv.weight"][0, 0, 0, 0] = 1e6
    save_file(state, tmp_path / "large.safetensors")
    result = export(tmp_path / "large.safetensors", "-o", tmp_path / "large.onnx")
    assert_one_sentence(result, "agg1.conv4.conv.weight", "half precision")


def test_command_line_takes_size_and_operating_point(export: Run, tmp_path: Path) -> None:
    target = tmp_path / "small.onnx"
    point = ["--threshold", 0.4, "--least-area", 0.01, "--core-margin", 1.5]
    result = export(WEIGHTS, "-o", target, "--size", 64, *point)
    assert result.returncode == 0, result.stderr
    spec = read_weights(target).spec
    assert spec == ModelSpec(height=64, width=64, threshold=0.4, least_area=0.01, core_margin=1.5)


def test_damaged_checkpoints_get_one_sentence(export: Run, tmp_path: Path) -> None:
    target = tmp_path / "out.onnx"
    truncated = tmp_path / "truncated.safetensors"
    save_file(drawn_state("truncated"), truncated)
    truncated.write_bytes(truncated.read_bytes()[:-1000])
    foreign = tmp_path / "foreign.safetensors"
    save_file({"conv.weight": torch.zeros(3)}, foreign)
    for checkpoint, reason in (
        (tmp_path / "absent.pth", "no weights file"),
        (truncated, "truncated"),
        (foreign, "not a HarDNet-MSEG checkpoint"),
    ):
        assert_one_sentence(export(checkpoint, "-o", target), str(checkpoint), reason)
    assert not target.exists()


def test_a_full_disk_leaves_the_old_file_alone(export: Run, tmp_path: Path) -> None:
    target = tmp_path / "model.onnx"
    target.write_bytes(b"old")
    result = export(
        WEIGHTS,
        "-o",
        target,
        before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
    )
    assert_one_sentence(result, "File too large")
    assert [path.name for path in tmp_path.iterdir()] == ["model.onnx"]
    assert target.read_bytes() == b"old"


@pytest.mark.parametrize(
    "command", [[main, "{model}"], [quantise, "--onnx", "{model}"]], ids=["export", "quantise"]
)
def test_a_place_that_takes_no_file_is_named_before_anything_is_done(
    command: list[Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run, *words = command
    model = tmp_path / "a model.onnx"
    model.write_bytes(b"mine")
    for output in (model, tmp_path, tmp_path / "gone" / "new.onnx", model / "new.onnx"):
        given = [word.format(model=model) for word in words]
        assert run([*given, "-o", str(output)]) == 1
        said = capsys.readouterr()
        assert (said.out, said.err.count("\n")) == ("", 1)
        assert said.err.startswith(str(output))
    assert model.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [model]


def test_a_name_that_no_encoding_knows_is_spelt_out(export: Run, tmp_path: Path) -> None:
    output = tmp_path / os.fsdecode(b"-gr\xfcn \xc3\xa9.onnx")
    result = export(WEIGHTS, "-o", output, "--size", "32")
    assert (result.returncode, result.stderr) == (0, "")
    assert "-gr\\udcfcn é.onnx: " in result.stdout
    assert list(tmp_path.iterdir()) == [output]


def test_wrong_usage_is_exit_code_2(tmp_path: Path) -> None:
    for arguments in (
        (),
        (WEIGHTS,),
        (WEIGHTS, "-o", tmp_path / "x.onnx", "--size", "350"),
        (WEIGHTS, "-o", tmp_path / "x.onnx", "--threshold", "2"),
        (WEIGHTS, "-o", tmp_path / "x.onnx", "--core-margin", "-1"),
    ):
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        assert ended.value.code == 2, arguments
