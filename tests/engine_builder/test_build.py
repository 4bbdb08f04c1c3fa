"""The builder's command line, from a plain checkout: engines, certificates and refusals."""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from PIL import Image

from engine_builder.agreement import CAST_GRAPH_ON_CPU
from engine_builder.build import _parser
from engine_builder.plan import BUILDER_LOG
from models.engine_folder import (
    CERTIFICATE_FILE,
    PLAN_FILE,
    EngineFolderError,
    engine_folder_name,
    open_engine_folder,
    read_certificate,
    rebuilding,
    sha256_of,
    write_engine_folder,
)
from models.engine_proof import EngineProof
from models.spec import ModelSpec
from models.weights import sealed
from tests.engine_builder.conftest import SMALL, Run
from tests.engine_builder.sentences import assert_one_sentence
from tests.locations import ROOT, WEIGHTS
from tests.models.engine_folders import certificate, write_folder
from tests.models.tiny_model import write_tiny_model

pytestmark = pytest.mark.usefixtures("_rtx")

TARGETS = ("sm_75", "sm_86", "sm_89")
"""What is built here, on any machine."""


@pytest.fixture(scope="module")
def _rtx() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")


@pytest.fixture(scope="module")
def engines(build: Run, small_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that three real FP16 engines of the small model were built to."""
    output = tmp_path_factory.mktemp("engines")
    result = build("--fp16", "--onnx", small_model, "--target", *TARGETS, "--output", output)
    assert result.returncode == 0, result.stderr
    assert "100.0% of layers in FP16" in result.stdout
    return output


def engine(output: Path, target: str = "sm_75") -> Path:
    return output / f"hardnet-mseg_96x96_fp16_{target}"


def visible(folder: Path) -> list[str]:
    """Everything in a folder, hidden remains included."""
    return sorted(path.name for path in folder.iterdir())


def test_engines_are_built_and_certified_for_every_target(engines: Path, small_model: Path) -> None:
    assert visible(engines) == [engine(engines, target).name for target in TARGETS]
    plans = set()
    for target in TARGETS:
        opened = open_engine_folder(engine(engines, target))
        certificate = opened.certificate
        assert certificate.target == target
        assert certificate.precision == "FP16"
        assert certificate.share("FP16") >= 0.8
        assert certificate.proven_by == BUILDER_LOG
        assert certificate.onnx_sha256 == sha256_of(small_model.read_bytes())
        assert certificate.spec == SMALL
        assert certificate.flavour == "tensorrt_rtx"
        agreement = certificate.agreement
        assert agreement.measured_on == CAST_GRAPH_ON_CPU
        assert agreement.images >= 20
        assert 0.99 <= agreement.least_dice <= agreement.mean_dice <= 1
        assert agreement.largest_probability_difference < 0.1
        assert opened.kernels.startswith(b"\x7fELF")
        proof = EngineProof.from_bytes(opened.proof)
        assert proof.frame.shape == (SMALL.height, SMALL.width, 3)
        assert 0 < np.mean(proof.probability > 127) < 1
        plans.add(certificate.plan_sha256)
    assert len(plans) == len(TARGETS)


@pytest.mark.slow
def test_the_shipped_model_builds_at_its_own_size(build: Run, tmp_path: Path) -> None:
    result = build("--fp16", "--target", "sm_75", "--output", tmp_path)
    assert result.returncode == 0, result.stderr
    certificate = read_certificate(tmp_path / "hardnet-mseg_352x352_fp16_sm_75")
    assert certificate.onnx_sha256 == sha256_of(WEIGHTS.read_bytes())
    assert certificate.agreement.mean_dice >= 0.99
    assert certificate.agreement.empty_images_marked == 0


def test_a_second_run_does_nothing_and_force_gives_the_same_bytes(
    build: Run, engines: Path, small_model: Path
) -> None:
    plan = engine(engines) / PLAN_FILE
    first = plan.stat().st_ino
    arguments = ("--onnx", small_model, "--target", "sm_75", "--output", engines)
    again = build(*arguments)
    assert again.returncode == 0, again.stderr
    assert "up to date" in again.stdout
    assert plan.stat().st_ino == first

    certificate = (engine(engines) / "certificate.json").read_bytes()
    forced = build(*arguments, "--force")
    assert forced.returncode == 0, forced.stderr
    assert plan.stat().st_ino != first
    assert (engine(engines) / "certificate.json").read_bytes() == certificate


def test_a_damaged_engine_or_other_reference_images_are_built_anew(
    build: Run, engines: Path, small_model: Path, drawn_images: Path, tmp_path: Path
) -> None:
    shutil.copytree(engine(engines), engine(tmp_path))
    (engine(tmp_path) / PLAN_FILE).write_bytes(b"damaged")
    arguments = ("--onnx", small_model, "--target", "sm_75", "--output", tmp_path)
    assert build(*arguments).returncode == 0
    images = open_engine_folder(engine(tmp_path)).certificate.agreement.images

    assert build(*arguments, "--reference", drawn_images).returncode == 0
    assert open_engine_folder(engine(tmp_path)).certificate.agreement.images == images + 24


@pytest.mark.parametrize("damaged", [PLAN_FILE, CERTIFICATE_FILE])
def test_the_command_that_a_refusal_names_repairs_that_very_folder(
    engines: Path, small_model: Path, tmp_path: Path, damaged: str
) -> None:
    """Without its certificate an engine is known by the folder's name alone."""
    place = tmp_path / "my engines"
    folder = engine(place, "sm_86")
    shutil.copytree(engine(engines, "sm_86"), folder)
    (folder / damaged).write_bytes(b"damaged")
    with pytest.raises(EngineFolderError) as refusal:
        open_engine_folder(folder)
    python, *words = shlex.split(str(refusal.value).partition("; build it again with: ")[2])
    assert python == "python"
    words = [str(small_model) if word == "FILE" else word for word in words]
    subprocess.run([sys.executable, *words], cwd=ROOT, check=True, capture_output=True)
    assert visible(place) == [folder.name]
    certificate = open_engine_folder(folder).certificate
    assert (certificate.target, certificate.precision, certificate.spec.width) == (
        "sm_86",
        "FP16",
        SMALL.width,
    )
    assert (certificate == read_certificate(engine(engines, "sm_86"))) == (damaged == PLAN_FILE)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"precision": "FP32", "target": "sm_90"},
        {"precision": "INT8", "calibration_sha256": "0" * 64},
        {"spec": ModelSpec(height=256, width=256)},
        {"spec": ModelSpec("other")},
    ],
    ids=str,
)
@pytest.mark.parametrize("is_known", [True, False], ids=["certified", "by name"])
def test_the_builder_takes_every_command_and_builds_there(
    tmp_path: Path, changes: dict[str, Any], is_known: bool
) -> None:
    wanted = certificate(**changes)
    folder = tmp_path / engine_folder_name(wanted.spec, wanted.precision, wanted.target)
    sentence = rebuilding(folder, wanted if is_known else None)
    python, script, *words = shlex.split(sentence.removeprefix("with: "))
    assert (python, script) == ("python", "engine_builder/build.py")
    options = _parser().parse_args(words)
    size = options.size or ModelSpec().width
    name = wanted.spec.name if options.onnx == Path("FILE") else ModelSpec().name
    (target,) = options.target
    spec = ModelSpec(name, size, size)
    assert options.output / engine_folder_name(spec, options.precision, target) == folder
    assert (options.calibration is None) == (options.precision != "INT8")
    assert options.force


def test_an_engine_of_another_builder_is_built_anew(
    build: Run, engines: Path, small_model: Path, tmp_path: Path
) -> None:
    folder = engine(tmp_path)
    built = open_engine_folder(engine(engines))
    older = replace(built.certificate, builder_sha256=sha256_of(b"older"))
    write_engine_folder(folder, replace(built, certificate=older))
    result = build("--onnx", small_model, "--target", "sm_75", "--output", tmp_path)
    assert result.returncode == 0, result.stderr
    sentence = f"{folder} was built by another version of the builder; it is built again."
    assert sentence in result.stdout.splitlines()
    assert read_certificate(folder) == built.certificate


def test_a_model_that_marks_nothing_gets_no_engine(
    build: Run, drawn_images: Path, tmp_path: Path
) -> None:
    """One that gives zeros would pass for it; the tiny model marks what is bright."""
    dazzled = write_tiny_model(tmp_path, ModelSpec("tiny", height=64, width=64, threshold=1.0))
    arguments = ("--onnx", dazzled, "--target", "sm_75", "--output", tmp_path / "engines")
    reference = ("--reference", drawn_images)
    assert_one_sentence(build(*arguments, *reference), "nothing would tell a broken engine")
    assert visible(tmp_path / "engines") == []

    white = Image.fromarray(np.full((64, 20, 3), 255, np.uint8)).crop((0, 0, 64, 64))
    (tmp_path / "[white]").mkdir()
    white.save(tmp_path / "[white]" / "white.png")
    result = build(*arguments, "--reference", tmp_path / "[white]")
    sentence = f"{tmp_path / '[white]' / 'white.png'} is kept in the engine's folder, as its proof."
    assert sentence in result.stdout.splitlines()


def test_show_and_verify(build: Run, engines: Path, tmp_path: Path) -> None:
    shown = build("--show", engine(engines))
    assert shown.returncode == 0
    assert "tensorrt_rtx" in shown.stdout
    assert "cpu, cast graph" in shown.stdout
    verified = build("--verify", engine(engines))
    assert verified.returncode == 0
    assert "every byte is as certified" in verified.stdout

    changed = tmp_path / "changed"
    shutil.copytree(engine(engines), changed)
    content = bytearray((changed / PLAN_FILE).read_bytes())
    content[len(content) // 2] ^= 1
    (changed / PLAN_FILE).write_bytes(content)
    assert_one_sentence(build("--verify", changed), PLAN_FILE, "engine_builder/build.py --fp16")
    assert_one_sentence(build("--show", tmp_path / "absent"), "no such engine folder")


def test_brackets_in_a_path_are_no_markup(build: Run, tmp_path: Path) -> None:
    write_folder(tmp_path / "[" / "engine]")
    shown = build("--show", tmp_path / "[" / "engine]")
    assert shown.returncode == 0, shown.stderr
    assert "[/engine]" in shown.stdout
    verified = build("--verify", tmp_path / "[" / "engine]")
    assert verified.returncode == 0, verified.stderr
    assert "[/engine]: every byte is as certified" in verified.stdout


@pytest.mark.slow
def test_int8_is_calibrated_on_a_folder(
    build: Run, small_model: Path, drawn_images: Path, tmp_path: Path
) -> None:
    arguments = ("--int8", "--calibration", drawn_images, "--onnx", small_model)
    result = build(*arguments, "--target", "sm_86", "--output", tmp_path)
    folder = tmp_path / "hardnet-mseg_96x96_int8_sm_86"
    if result.returncode == 0:
        certificate = read_certificate(folder)
        assert certificate.share("INT8") >= 0.8
        assert certificate.calibration_sha256
    else:
        assert_one_sentence(result, "INT8 strays from FP32")
        assert not folder.exists()


def test_a_checkpoint_and_a_size_are_exported_first(build: Run, tmp_path: Path) -> None:
    result = build("--size", 96, "--target", "sm_89", "--output", tmp_path)
    assert result.returncode == 0, result.stderr
    certificate = read_certificate(tmp_path / "hardnet-mseg_96x96_fp16_sm_89")
    assert (certificate.spec.width, certificate.spec.height) == (96, 96)

    missing = build("--weights", tmp_path / "absent.pth", "--target", "sm_75", "--output", tmp_path)
    assert_one_sentence(missing, "absent.pth")


def test_turing_is_not_given_float32_by_rtx(build: Run, small_model: Path, tmp_path: Path) -> None:
    result = build("--fp32", "--onnx", small_model, "--target", "sm_75", "--output", tmp_path)
    assert_one_sentence(result, "sm_75", "--fp16")


@pytest.mark.parametrize("location", ["/etc/passwd", "../weights.bin", "weights.bin"])
def test_weights_outside_the_file_are_refused(
    build: Run, small_model: Path, tmp_path: Path, location: str
) -> None:
    model = onnx.load(small_model)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    path = tmp_path / "models" / "external.onnx"
    path.parent.mkdir()
    path.write_bytes(sealed(model))
    # A link that leads out of the folder is no way around.
    (path.parent / "weights.bin").symlink_to("/etc/passwd")
    result = build("--onnx", path, "--target", "sm_75", "--output", tmp_path / "engines")
    assert_one_sentence(result, "another file")
    assert not (tmp_path / "engines").exists()


def test_bad_models_get_one_sentence(build: Run, small_model: Path, tmp_path: Path) -> None:
    content = small_model.read_bytes()
    plain = onnx.load_model_from_string(content)
    del plain.metadata_props[:]
    cases = {
        "truncated.onnx": content[: len(content) // 2],
        "noise.onnx": os.urandom(4096),
        "empty.onnx": b"",
        "plain.onnx": sealed(plain),
        "changed.onnx": content[:5000] + b"x" + content[5001:],
    }
    for name, damaged in cases.items():
        path = tmp_path / name
        path.write_bytes(damaged)
        result = build("--onnx", path, "--target", "sm_75", "--output", tmp_path / "engines")
        assert_one_sentence(result, name)
    absent = build("--onnx", tmp_path / "absent.onnx", "--output", tmp_path / "engines")
    assert_one_sentence(absent, "absent.onnx")
    assert not (tmp_path / "engines").exists()


def test_bad_image_folders_get_one_sentence(
    build: Run, small_model: Path, drawn_images: Path, tmp_path: Path
) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(drawn_images, damaged)
    (damaged / "00_empty.png").write_bytes(b"\x89PNG damaged")
    empty = tmp_path / "empty"
    empty.mkdir()
    for folder, reason in (
        (tmp_path / "absent", "no folder"),
        (empty, "holds no image"),
        (damaged, "00_empty.png"),
    ):
        arguments = ("--reference", folder, "--target", "sm_75", "--output", tmp_path / "engines")
        assert_one_sentence(build("--onnx", small_model, *arguments), reason)


def test_a_file_where_the_engine_is_to_be_is_refused_before_anything_is_built(
    build: Run, small_model: Path, tmp_path: Path
) -> None:
    file = tmp_path / "hardnet-mseg_96x96_fp16_sm_75"
    file.write_bytes(b"mine")
    for force in ((), ("--force",)):
        result = build("--onnx", small_model, "--target", "sm_75", "--output", tmp_path, *force)
        assert_one_sentence(result, str(file), "is a file", "remove it")
        assert result.stdout == ""
    assert file.read_bytes() == b"mine"
    assert list(tmp_path.iterdir()) == [file]


def test_an_unwritable_output_gets_one_sentence(
    build: Run, small_model: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    for output in (tmp_path / "file", tmp_path / "file" / "engines"):
        result = build("--onnx", small_model, "--target", "sm_75", "--output", output)
        assert_one_sentence(result, str(tmp_path / "file"))


def test_a_full_disk_leaves_nothing_behind(build: Run, small_model: Path, tmp_path: Path) -> None:
    result = build(
        "--onnx",
        small_model,
        "--target",
        "sm_75",
        "--output",
        tmp_path,
        before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000)),
    )
    assert_one_sentence(result, "File too large")
    assert visible(tmp_path) == []


@pytest.mark.parametrize(
    ("stop", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130)]
)
@pytest.mark.parametrize("delay_s", [0.2, 1.5])
def test_a_stopped_build_leaves_no_engine(
    small_model: Path, tmp_path: Path, stop: signal.Signals, code: int, delay_s: float
) -> None:
    command = [sys.executable, str(ROOT / "engine_builder" / "build.py"), "--onnx"]
    arguments = [str(small_model), "--target", *TARGETS, "--output", str(tmp_path / "engines")]
    process = subprocess.Popen(
        [*command, *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    # The output folder appears when the work begins.
    while not (tmp_path / "engines").exists() and process.poll() is None:
        time.sleep(0.01)
    time.sleep(delay_s)
    process.send_signal(stop)
    _, errors = process.communicate(timeout=60)
    finished = process.returncode == 0
    assert finished or process.returncode == code
    if stop is signal.SIGINT and not finished:
        assert errors.splitlines() == ["Interrupted; nothing was left behind."]
        assert not [name for name in visible(tmp_path / "engines") if name.startswith(".")]
    for name in visible(tmp_path / "engines"):
        if not name.startswith("."):
            open_engine_folder(tmp_path / "engines" / name)


def test_wrong_usage_is_exit_code_2(build: Run, tmp_path: Path) -> None:
    for arguments in (
        ("--fp16", "--fp32"),
        ("--int8",),
        ("--calibration", tmp_path),
        ("--target", "sm_42"),
        ("--size", "100"),
        ("--onnx", WEIGHTS, "--weights", WEIGHTS),
        ("--show", tmp_path, "--verify", tmp_path),
    ):
        assert build(*arguments).returncode == 2, arguments


def test_debug_adds_the_stack_trace(build: Run, tmp_path: Path) -> None:
    result = build("--onnx", tmp_path / "absent.onnx", "--debug", "--output", tmp_path)
    assert result.returncode == 1
    assert "Traceback" in result.stderr
