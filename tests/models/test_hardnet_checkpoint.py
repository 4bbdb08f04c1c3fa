"""Every kind of weights file, whole and broken."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.hardnet_checkpoint import CheckpointError, read_state
from models.hardnet_mseg import load_checkpoint
from tests.locations import WEIGHTS, shared
from tests.models.drawn_weights import drawn_state

State = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def state() -> State:
    return drawn_state("checkpoint")


def _save(state: State, path: Path) -> Path:
    if path.suffix == ".safetensors":
        save_file({name: value.clone() for name, value in state.items()}, path)
    else:
        torch.save(state, path)
    return path


def _assert_loads(path: Path, state: State) -> None:
    network = load_checkpoint(path)
    assert not network.training
    loaded = network.state_dict()
    assert loaded.keys() == state.keys()
    assert all(torch.equal(loaded[name], value) for name, value in state.items())


@pytest.mark.parametrize("suffix", [".pth", ".pt", ".safetensors"])
def test_loads_what_was_saved(state: State, tmp_path: Path, suffix: str) -> None:
    _assert_loads(_save(state, tmp_path / f"weights{suffix}"), state)


def test_entries_that_never_run_are_ignored(state: State, tmp_path: Path) -> None:
    released = state | {"ra4_conv5.conv.weight": torch.zeros(1, 256, 1, 1)}
    _assert_loads(_save(released, tmp_path / "released.pth"), state)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "model."])
def test_wrapped_and_prefixed_checkpoints_load(state: State, tmp_path: Path, prefix: str) -> None:
    path = tmp_path / "wrapped.pth"
    prefixed = {prefix + name: value for name, value in state.items()}
    torch.save({"epoch": 3, "state_dict": prefixed}, path)
    _assert_loads(path, state)


def test_half_precision_is_widened(state: State, tmp_path: Path) -> None:
    halves = {k: v.half() if v.is_floating_point() else v for k, v in state.items()}
    network = load_checkpoint(_save(halves, tmp_path / "half.safetensors"))
    assert all(p.dtype == torch.float32 for p in network.parameters())


def test_the_shipped_model_gives_its_own_weights() -> None:
    first = shared("weights/hardnet_mseg_start.safetensors")
    trained, shipped = load_checkpoint(first), load_checkpoint(WEIGHTS)
    names = trained.state_dict().keys()
    assert shipped.state_dict().keys() == names
    assert all(torch.isfinite(value).all() for value in shipped.state_dict().values())


def _drop_an_entry(state: State, folder: Path) -> Path:
    rest = {k: v for k, v in state.items() if k != "agg1.conv5.weight"}
    return _save(rest, folder / "weights.pth")


def _reshape_an_entry(state: State, folder: Path) -> Path:
    reshaped = state | {"agg1.conv5.bias": torch.zeros(2)}
    return _save(reshaped, folder / "weights.safetensors")


def _poison_an_entry(state: State, folder: Path) -> Path:
    poisoned = state | {"agg1.conv5.bias": torch.tensor([float("nan")])}
    return _save(poisoned, folder / "weights.safetensors")


def _make_an_entry(change: Callable[[torch.Tensor], torch.Tensor]) -> Callable[[State, Path], Path]:
    def make(state: State, folder: Path) -> Path:
        name = "agg1.conv5.weight"
        return _save(state | {name: change(state[name])}, folder / "weights.pth")

    return make


def _truncate(suffix: str) -> Callable[[State, Path], Path]:
    def make(state: State, folder: Path) -> Path:
        path = _save(state, folder / f"weights{suffix}")
        os.truncate(path, path.stat().st_size // 2)
        return path

    return make


def _truncated_onnx(_state: State, folder: Path) -> Path:
    path = folder / "weights.onnx"
    path.write_bytes(WEIGHTS.read_bytes()[:100_000])
    return path


def _text(suffix: str) -> Callable[[State, Path], Path]:
    def make(_state: State, folder: Path) -> Path:
        path = folder / f"weights{suffix}"
        path.write_text("no weights in here\n" * 40)
        return path

    return make


def _absent(_state: State, folder: Path) -> Path:
    return folder / "absent.pth"


def _not_a_dictionary(_state: State, folder: Path) -> Path:
    torch.save([1, 2, 3], folder / "list.pth")
    return folder / "list.pth"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (_drop_an_entry, r"lacks agg1\.conv5\.weight: it is not"),
        (_reshape_an_entry, r"holds agg1\.conv5\.bias with shape \(2,\)"),
        (_poison_an_entry, r"agg1\.conv5\.bias that are not finite"),
        (_make_an_entry(torch.Tensor.to_sparse), r"agg1\.conv5\.weight as no plain array"),
        (_make_an_entry(lambda value: value.to("meta")), r"conv5\.weight as no plain array"),
        (_make_an_entry(torch.Tensor.bool), r"conv5\.weight in bool, and not in floating point"),
        (_truncate(".pth"), "truncated or no PyTorch file"),
        (_truncate(".safetensors"), "truncated or no safetensors file"),
        (_truncated_onnx, "truncated, or no deployable"),
        (_text(".pth"), "truncated or no PyTorch file"),
        (_text(".safetensors"), "truncated or no safetensors file"),
        (_text(".onnx"), "truncated, or no deployable"),
        (_text(".bin"), r"no weights file that can be read; give one of \.pth"),
        (_absent, "There is no weights file"),
        (_not_a_dictionary, "holds no state dictionary"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_bad_file_gets_one_sentence(
    state: State, tmp_path: Path, make: Callable[[State, Path], Path], sentence: str
) -> None:
    path = make(state, tmp_path)
    with pytest.raises(CheckpointError, match=sentence) as caught:
        load_checkpoint(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("zipped", [True, False], ids=["zipped", "as before PyTorch 1.6"])
def test_a_damaged_pickle_is_refused_whatever_the_damage_does_to_the_reader(
    tmp_path: Path, zipped: bool
) -> None:
    small = {"a.weight": torch.zeros(4, 3, 3, 3), "a.bias": torch.zeros(4)}
    path = tmp_path / "damaged.pth"
    torch.save(small, path, _use_new_zipfile_serialization=zipped)
    whole = path.read_bytes()
    rng = random.Random(5)
    refusals = 0
    for _ in range(400):
        content = bytearray(whole)
        for _ in range(rng.choice((1, 5, 20))):
            content[rng.randrange(600)] = rng.randrange(256)
        path.write_bytes(content)
        try:
            read_state(path, small)
        except CheckpointError:
            refusals += 1
    assert refusals > 200


class _Malice:
    def __init__(self, witness: Path) -> None:
        self.witness = witness

    def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
        return (os.mkdir, (str(self.witness),))


def test_a_pickle_never_runs(tmp_path: Path) -> None:
    witness = tmp_path / "witness"
    torch.save({"weights": _Malice(witness)}, tmp_path / "malice.pth")
    with pytest.raises(CheckpointError, match="could run code"):
        load_checkpoint(tmp_path / "malice.pth")
    assert not witness.exists()
