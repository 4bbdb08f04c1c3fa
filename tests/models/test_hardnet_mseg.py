"""The network against the reference: names, shapes, activations and logits."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

from models.hardnet import HARDNET_68, HarDNet, harmonic_links
from models.hardnet_mseg import HarDNetMSEG
from tests.locations import shared
from tests.models.drawn_weights import drawn_input, drawn_state

TRAINABLE_PARAMETERS = 17_423_837
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def network() -> HarDNetMSEG:
    network = HarDNetMSEG()
    network.load_state_dict(drawn_state("public"))
    return network.eval()


def test_names_and_shapes_are_those_of_the_released_checkpoints() -> None:
    listed = json.loads(shared("reference/hardnet_mseg_state_dict.json").read_text())["used"]
    ours = {name: list(value.shape) for name, value in HarDNetMSEG().state_dict().items()}
    assert ours == listed


def test_has_as_many_trainable_parameters_as_the_paper() -> None:
    assert sum(value.numel() for value in HarDNetMSEG().parameters()) == TRAINABLE_PARAMETERS


def test_links_follow_the_powers_of_two() -> None:
    assert [harmonic_links(layer) for layer in (1, 2, 3, 4, 6, 8)] == [
        [0],
        [1, 0],
        [2],
        [3, 2, 0],
        [5, 4],
        [7, 6, 4, 0],
    ]


def test_taps_lie_at_strides_8_16_and_32() -> None:
    encoder = HarDNet(HARDNET_68).eval()
    with torch.inference_mode():
        shapes = [tuple(tap.shape) for tap in encoder(torch.zeros(1, 3, 64, 96))]
    assert shapes == [(1, 320, 8, 12), (1, 640, 4, 6), (1, 1024, 2, 3)]


def test_logits_equal_the_reference(network: HarDNetMSEG) -> None:
    reference = np.load(shared("reference/hardnet_mseg_352.npz"))
    seen: dict[str, tuple[float, float]] = {}

    def note(layer: str) -> None:
        def hook(_module: object, _inputs: object, output: torch.Tensor) -> None:
            seen[layer] = (float(output.mean()), float(output.std()))

        handles.append(network.get_submodule(layer).register_forward_hook(hook))

    handles: list[torch.utils.hooks.RemovableHandle] = []
    layers = [key.removesuffix("_mean_std") for key in reference.files if key != "logits"]
    for layer in layers:
        note(layer)
    with torch.inference_mode():
        logits = network(drawn_input("public", 352))[0, 0].numpy()
    for handle in handles:
        handle.remove()

    for layer in layers:
        assert seen[layer] == pytest.approx(reference[f"{layer}_mean_std"], rel=1e-3), layer
    largest = np.abs(reference["logits"]).max()
    assert np.abs(logits - reference["logits"]).max() < TOLERANCE * largest


def test_takes_other_sizes_and_gives_one_logit_a_pixel(network: HarDNetMSEG) -> None:
    with torch.inference_mode():
        assert network(drawn_input("public", 512)).shape == (1, 1, 512, 512)
        assert network(torch.zeros(2, 3, 64, 96)).shape == (2, 1, 64, 96)


def test_a_size_that_does_not_fit_is_named_with_one_that_does(network: HarDNetMSEG) -> None:
    with pytest.raises(ValueError, match=r"input is 350x352.*pad it to 352x352"):
        network(torch.zeros(1, 3, 350, 352))
