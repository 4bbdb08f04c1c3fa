"""Whole runs of a few steps, through the command line's entry, on drawn pictures."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from models.hardnet_checkpoint import CheckpointError
from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.source_version import source_version
from models.training.backbone import load_backbone
from models.training.losses import segmentation_loss
from models.training.optimisation import learning_rate
from models.training.recipe import StageRecipe
from models.training.run import half_precision
from models.training.train import main
from tests.locations import ROOT
from tests.models.drawn_weights import drawn_state
from tests.models.training.lightning_warnings import IGNORE_LIGHTNING
from tests.waiting import HANG_S, wait_until

pytestmark = IGNORE_LIGHTNING


def weights_of(folder: Path) -> dict[str, Tensor]:
    return load_file(folder / "weights.safetensors")


def same_weights(one: dict[str, Tensor], other: dict[str, Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def curve(folder: Path) -> list[dict[str, float]]:
    """What ``metrics.json`` holds, but for the time that it took."""
    records = json.loads((folder / "metrics.json").read_text())
    return [{key: record[key] for key in record if key != "took_s"} for record in records]


def test_a_run_leaves_all_it_promises(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "run"
    assert main([*arguments, "--output", str(output)]) == 0
    assert "step 5 of 5, 64x64, loss " in capsys.readouterr().err
    load_checkpoint(output / "weights.safetensors")
    measured = json.loads((output / "metrics.json").read_text())
    steps_and_sizes = [(record["step"], record["size"]) for record in measured]
    assert steps_and_sizes == [(2, 32), (3, 32), (4, 64), (5, 64)]
    assert all(0 <= measured[0][key] <= 1 for key in ("dice", "painted_marked", "negative_marked"))
    assert all(record["loss"] > 0 for record in measured)
    assert json.loads((output / "recipe.json").read_text())["seed"] == 5
    (start,) = json.loads((output / "starts.json").read_text())
    assert start["step"] == 0
    assert start["options"]["accelerator"] == "cpu"
    assert start["packages"]["torch"] == torch.__version__
    assert start["commit"] == source_version()
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
    wait_until(
        lambda: (parts / "last.ckpt").is_file() or run.poll() is not None, limit_s=4 * HANG_S
    )
    run.terminate()
    assert run.wait() in (0, 130)
    assert main(cut) == 0
    assert same_weights(weights_of(whole), weights_of(parts))
    assert curve(whole) == curve(parts)
    starts = json.loads((parts / "starts.json").read_text())
    assert starts[0]["options"]["overrides"] == ["save_every=1"]
    assert starts[1]["step"] > 0


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows locks no folders")
def test_a_folder_takes_one_run_at_a_time_and_a_killed_one_goes_on(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The first has a process that loads its batches, which outlives it by some seconds."""
    output = tmp_path / "run"
    whole = [*arguments, "--output", str(output), "save_every=1"]
    first = subprocess.Popen(
        [sys.executable, "-m", "models.training.train", *whole, "stages.0.steps=500", "workers=1"],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            lambda: (output / "last.ckpt").is_file() or first.poll() is not None,
            limit_s=4 * HANG_S,
        )
        first.send_signal(signal.SIGSTOP)
        assert first.poll() is None
        files = {path: path.read_bytes() for path in output.iterdir() if path.is_file()}
        assert main(whole) == 1
        assert caplog.messages == [
            f"Another run is training into {output}; wait for its end, or name another --output."
        ]
        assert {path: path.read_bytes() for path in output.iterdir() if path.is_file()} == files
    finally:
        first.kill()
        first.wait()
    assert main(whole) == 0
    assert curve(output)[-1]["step"] == 5
    assert len(json.loads((output / "starts.json").read_text())) == 2


def test_what_is_changed_between_two_starts_holds_from_then_on(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "run"
    short = [*arguments, "--output", str(output), "validation=", "stages.0.steps=1"]
    assert main([*short, "stages.1.steps=1"]) == 0
    assert main([*short, "stages.1.steps=2", "weight_decay=0.25"]) == 0
    (group,) = torch.load(output / "last.ckpt", weights_only=True)["optimiser"]["param_groups"]
    assert group["weight_decay"] == 0.25
    assert [start["step"] for start in json.loads((output / "starts.json").read_text())] == [0, 2]
    before = (output / "last.ckpt").read_bytes()
    assert main([*short, "stages.1.steps=3", "optimiser=sgd"]) == 1
    assert "is damaged or of another recipe" in caplog.text
    assert (output / "last.ckpt").read_bytes() == before


@pytest.mark.slow
def test_processes_share_a_batch(arguments: list[str], tmp_path: Path) -> None:
    """Normalisation sees half a batch each, so the weights are not those of one process."""
    output = tmp_path / "run"
    shared = ["--devices", "2", "stages.0.batch=4", "stages.0.steps=1", "stages.1.steps=1"]
    command = [sys.executable, "-m", "models.training.train", *arguments, *shared]
    command += ["--output", str(output)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    load_checkpoint(output / "weights.safetensors")
    assert [record["step"] for record in curve(output)] == [1, 2]
    (start,) = json.loads((output / "starts.json").read_text())
    assert start["device"] == "2 x cpu"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (["--devices", "2", "stages.0.batch=3"], "A batch of 3 cannot be shared by 2 processes"),
        (["--devices", "2"], "A picture of 32 pixels a process leaves batch normalisation"),
    ],
)
def test_a_batch_that_cannot_be_shared_is_one_sentence(
    arguments: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    change: list[str],
    words: str,
) -> None:
    assert main([*arguments, "--output", str(tmp_path / "run"), *change]) == 1
    assert words in caplog.text
    assert not (tmp_path / "run").exists()


def test_a_run_in_bf16_that_watches_nothing_has_a_loss(
    arguments: list[str], tmp_path: Path
) -> None:
    output = tmp_path / "run"
    short = ["precision=bf16-mixed", "validation=", "stages.0.steps=1", "stages.1.steps=1"]
    assert main([*arguments, "--output", str(output), *short]) == 0
    assert [record.keys() for record in curve(output)] == [{"step", "size", "loss"}] * 2
    state = torch.load(output / "last.ckpt", weights_only=True)
    assert {value.dtype for value in state["network"].values()} == {torch.float32, torch.int64}


def test_the_files_that_a_run_begins_with_are_named_by_their_hash(
    arguments: list[str], tmp_path: Path
) -> None:
    start, output = tmp_path / "start.safetensors", tmp_path / "run"
    save_file(drawn_state("start"), start)
    short = ["validation=", "stages.0.steps=1", "stages.1.steps=1"]
    assert main([*arguments, "--output", str(output), "--start", str(start), *short]) == 0
    (noted,) = json.loads((output / "starts.json").read_text())
    assert noted["sha256"] == {str(start): hashlib.sha256(start.read_bytes()).hexdigest()}


def test_a_damaged_list_of_starts_is_named(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "run"
    output.mkdir()
    (output / "starts.json").write_text("{}", "utf-8")
    assert main([*arguments, "--output", str(output)]) == 1
    assert "starts.json is damaged; delete it" in caplog.text


@pytest.mark.parametrize("count", ["0", "-1", "two"])
def test_a_count_that_is_none_is_wrong_usage(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], count: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--output", str(tmp_path / "run"), f"--threads={count}"])
    assert ended.value.code == 2
    assert f"'{count}' is no count" in capsys.readouterr().err


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
    state = torch.load(output / "last.ckpt", weights_only=True)
    assert state["step"] >= 1
    assert len(state["losses"]) + 2 * len(state["measured"]) == state["step"]
    statistics = [v for name, v in state["network"].items() if "running" in name]
    assert all(bool(torch.isfinite(value).all()) for value in statistics)


def test_a_full_device_keeps_the_steps_before(
    arguments: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The loss of the second step asks for more than there is, after its forward pass."""
    losses = iter([segmentation_loss])

    def growing(*of: Any) -> Tensor:
        loss = next(losses, None)
        if loss is None:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return loss(*of)

    monkeypatch.setattr("models.training.train.segmentation_loss", growing)
    output = tmp_path / "run"
    assert main([*arguments, "--output", str(output), "validation=", "average=0.0"]) == 1
    assert "Step 1 failed (CUDA out of memory)" in caplog.text
    assert "Take a smaller batch" in caplog.text
    network = torch.load(output / "last.ckpt", weights_only=True)["network"]
    counters = {int(v) for name, v in network.items() if name.endswith("num_batches_tracked")}
    assert counters == {1}


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


def test_a_run_that_is_ended_while_it_reads_its_frames_leaves_none_half_written(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, cache = np.save, tmp_path / "cache"

    def ended(*of: Any) -> None:
        save(*of)
        signal.raise_signal(signal.SIGTERM)

    monkeypatch.setattr(np, "save", ended)
    assert main([*arguments, "--output", str(tmp_path / "run"), "--cache", str(cache)]) == 130
    assert not list(cache.iterdir())
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_loss_of_power_leaves_the_checkpoint_before_or_the_new_one(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is kept is on the disk before it takes its name."""
    output, synchronise = tmp_path / "run", os.fsync
    unnamed = set()

    def noted(descriptor: int) -> None:
        synchronise(descriptor)
        kept = [output / name for name in ("last.ckpt", "weights.safetensors", "metrics.json")]
        named = {path.stat().st_ino for path in kept if path.is_file()}
        unnamed.update({os.fstat(descriptor).st_ino} - named)

    monkeypatch.setattr(os, "fsync", noted)
    short = ["validation=", "stages.0.steps=1", "stages.1.steps=1"]
    assert main([*arguments, "--output", str(output), *short]) == 0
    for name in ("last.ckpt", "weights.safetensors", "metrics.json"):
        assert (output / name).stat().st_ino in unnamed, name


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (["speed=1"], 2, "unknown entry speed"),
        (["optimiser=lion"], 2, "give one of adam, adamw, sgd"),
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
