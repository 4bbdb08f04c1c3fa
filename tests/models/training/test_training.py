"""Whole runs of a few steps, through the command line's entry, on drawn pictures."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.hardnet_checkpoint import CheckpointError
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.training.backbone import load_backbone
from models.training.optimisation import learning_rate
from models.training.recipe import StageRecipe
from models.training.run import half_precision
from models.training.train import main
from tests.locations import ROOT
from tests.models.drawn_weights import drawn_state
from tests.models.training.drawn_data import RECIPE, draw_data

pytestmark = pytest.mark.filterwarnings(
    # Lightning's own imports and advice; nothing of ours.
    "ignore::DeprecationWarning:lightning.*",
    "ignore::FutureWarning:lightning.*",
)


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    """A run of five steps in two stages, all but its output folder."""
    (tmp_path / "recipe.toml").write_text(RECIPE, encoding="utf-8")
    data = draw_data(tmp_path / "data")
    recipe = str(tmp_path / "recipe.toml")
    return [recipe, "--data", str(data), "--accelerator", "cpu", "--threads", "1"]


def weights_of(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "weights.safetensors")


def same_weights(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def test_a_run_leaves_all_it_promises(arguments: list[str], tmp_path: Path) -> None:
    output = tmp_path / "run"
    assert main([*arguments, "--output", str(output)]) == 0
    load_checkpoint(output / "weights.safetensors")
    measured = json.loads((output / "metrics.json").read_text())
    steps_and_sizes = [(record["step"], record["size"]) for record in measured]
    assert steps_and_sizes == [(2, 32), (3, 32), (4, 64), (5, 64)]
    assert all(0 <= measured[0][key] <= 1 for key in ("dice", "painted_marked", "negative_marked"))
    assert json.loads((output / "recipe.json").read_text())["seed"] == 5
    assert list((output / "tensorboard").glob("events.*"))
    assert not list(output.glob("*.partial"))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_stopped_or_not(
    arguments: list[str], tmp_path: Path
) -> None:
    """The second run ends in the middle of the first stage, the third goes on from there."""
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    assert main([*arguments, "--output", str(whole)]) == 0
    cut = [*arguments, "--output", str(parts)]
    run = subprocess.Popen(
        [sys.executable, "-m", "models.training.train", *cut, "save_every=1"], cwd=ROOT
    )
    while not (parts / "last.ckpt").is_file() and run.poll() is None:
        pass
    run.terminate()
    assert run.wait() in (0, 130)
    assert main(cut) == 0
    assert same_weights(weights_of(whole), weights_of(parts))


def test_another_seed_gives_other_weights(arguments: list[str], tmp_path: Path) -> None:
    runs = [tmp_path / "one", tmp_path / "two"]
    for seed, output in enumerate(runs):
        short = [f"seed={seed}", "stages.0.steps=1", "stages.1.steps=1", "validation="]
        assert main([*arguments, "--output", str(output), *short]) == 0
    assert not same_weights(weights_of(runs[0]), weights_of(runs[1]))


def test_a_loss_that_is_no_number_loses_the_last_step_alone(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A huge rate ruins the weights; what was kept is finite and loads."""
    output = tmp_path / "run"
    ruin = ["stages.0.learning_rate=1e30", "clip=0.0", "optimiser=sgd", "average=0.0"]
    assert main([*arguments, "--output", str(output), *ruin]) == 1
    assert "Lower the learning rate" in caplog.text
    state = torch.load(output / "last.ckpt", weights_only=False)
    assert state["step"] >= 1
    statistics = [v for name, v in state["network"].items() if "running" in name]
    assert all(bool(torch.isfinite(value).all()) for value in statistics)


def test_a_full_disk_is_named_and_the_checkpoint_before_stays(
    arguments: list[str], tmp_path: Path
) -> None:
    """A limit on the size of files stands in for the full disk: a write fails half-way."""
    output = tmp_path / "run"
    first = [*arguments, "--output", str(output), "stages.0.steps=1", "stages.1.steps=1"]
    assert main(first) == 0
    before = (output / "last.ckpt").read_bytes()
    command = [sys.executable, "-m", "models.training.train", *first, "stages.1.steps=2"]
    result = subprocess.run(
        command,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20)),
    )
    assert result.returncode == 1
    assert "Make room and start again" in result.stderr
    assert "Traceback" not in result.stderr
    assert (output / "last.ckpt").read_bytes() == before
    assert not list(output.glob("*.partial"))


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (["speed=1"], 2, "unknown entry speed"),
        (["optimiser=lion"], 2, "give adam, adamw or sgd"),
        (["sources.0.list=nowhere"], 1, r"nowhere.txt cannot be read"),
        (["--start", "nothing.safetensors"], 1, "no weights file"),
        (["sources.0.list=val"], 1, "which validation watches"),
        pytest.param(
            ["--accelerator", "cuda"],
            1,
            "name others with --accelerator",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="is about having no GPU"),
        ),
    ],
)
def test_bad_input_is_one_sentence(
    arguments: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    change: list[str],
    code: int,
    words: str,
) -> None:
    assert main([*arguments, "--output", str(tmp_path / "run"), *change]) == code
    assert words in caplog.text


def test_an_output_that_is_a_file_is_named(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "file"
    output.write_bytes(b"")
    assert main([*arguments, "--output", str(output)]) == 1
    assert f"{output}: File exists; check the path" in caplog.text


def test_a_damaged_checkpoint_is_named(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "run"
    output.mkdir()
    (output / "last.ckpt").write_bytes(b"no checkpoint")
    assert main([*arguments, "--output", str(output)]) == 1
    assert "last.ckpt is damaged" in caplog.text


def test_the_encoder_starts_from_either_kind_of_file(tmp_path: Path) -> None:
    """The released names of the encoder alone with a classifier, and a whole network of ours."""
    drawn = drawn_state("backbone")
    encoder = {
        name.removeprefix("hardnet."): value
        for name, value in drawn.items()
        if name.startswith("hardnet.")
    }
    torch.save(encoder | {"base.16.3.weight": torch.zeros(1000, 1024)}, tmp_path / "imagenet.pth")
    save_file(drawn, tmp_path / "ours.safetensors")
    for file in ("imagenet.pth", "ours.safetensors"):
        network = HarDNetMSEG()
        decoder_before = network.rfb2_1.conv_cat.conv.weight.clone()
        load_backbone(network, tmp_path / file)
        loaded = network.hardnet.state_dict()
        assert all(torch.equal(loaded[name], value) for name, value in encoder.items())
        assert torch.equal(network.rfb2_1.conv_cat.conv.weight, decoder_before)


def test_a_file_that_holds_no_encoder_is_refused(tmp_path: Path) -> None:
    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(CheckpointError, match="lacks"):
        load_backbone(HarDNetMSEG(), tmp_path / "other.safetensors")


def test_the_rate_climbs_then_falls_by_half_a_cosine() -> None:
    stage = StageRecipe(
        steps=110, size=64, batch=1, learning_rate=1.0, last_learning_rate=0.2, warm_up=10
    )
    assert learning_rate(stage, 0) == pytest.approx(0.1)
    assert learning_rate(stage, 9) == pytest.approx(1.0)
    assert learning_rate(stage, 60) == pytest.approx(0.6)
    assert learning_rate(stage, 110) == pytest.approx(0.2)


def test_shipped_state_is_in_half_precision_without_counters() -> None:
    network = HarDNetMSEG()
    state = half_precision(network)
    assert state.keys() == {name for name in network.state_dict() if "num_batches" not in name}
    assert {value.dtype for value in state.values()} == {torch.float16}
