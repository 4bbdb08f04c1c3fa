"""Frames in the colours of other frames."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor, nn

from models.training.colour_exchange import colours_exchanged
from models.training.command_line import Task, run_training, training_parser
from tests.models.training.lightning_warnings import IGNORE_LIGHTNING

pytestmark = IGNORE_LIGHTNING


def tinted(rng: Generator, colour: tuple[int, int, int], side: int = 48) -> Tensor:
    """(3, S, S) uint8: noise around a colour, so little of it that nothing is clipped."""
    noise = rng.normal(0.0, 6.0, (side, side, 3)) + np.array(colour)
    return torch.from_numpy(noise.round().astype(np.uint8).transpose(2, 0, 1).copy())


def lab(image: Tensor) -> NDArray[np.float32]:
    """(S * S, 3) of CIE L*a*b*."""
    rgb = np.ascontiguousarray(image.numpy().transpose(1, 2, 0), np.float32) / np.float32(255)
    return np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2LAB), np.float32).reshape(-1, 3)


@pytest.fixture
def images() -> Tensor:
    rng = np.random.default_rng(4)
    return torch.stack([tinted(rng, (160, 90, 80)), tinted(rng, (110, 120, 140))])


def test_colours_go_some_way_from_their_own_to_those_of_another_frame(images: Tensor) -> None:
    red, blue = (lab(image).mean(axis=0) for image in images)
    ways = []
    for seed in range(60):
        exchanged = colours_exchanged(images, 1.0, np.random.default_rng(seed))[0]
        went = lab(exchanged).mean(axis=0) - red
        way = float(went @ (blue - red) / ((blue - red) @ (blue - red)))
        assert went == pytest.approx(way * (blue - red), abs=0.3)
        ways.append(way)
    # Half of the partners are the frame itself; the others are anywhere from near to all the way.
    assert sum(abs(way) < 0.01 for way in ways) > 15
    assert min(ways) > -0.01 and 0.9 < max(ways) < 1.01


def test_contrast_goes_with_the_colour_and_is_at_most_doubled(images: Tensor) -> None:
    flat = (images[1].float().mean(dim=(1, 2), keepdim=True) + (images[1] - 120.0) * 0.05).round()
    pair = torch.stack([flat.to(torch.uint8), images[0]])
    stretches = []
    for seed in range(60):
        exchanged = colours_exchanged(pair, 1.0, np.random.default_rng(seed))[0]
        stretches.append(float(lab(exchanged)[:, 0].std() / lab(pair[0])[:, 0].std()))
    assert 1.5 < max(stretches) < 2.1


def test_what_is_dark_around_the_picture_stays_dark(images: Tensor) -> None:
    images[:, :, :, :12] = 3
    exchanged = colours_exchanged(images, 1.0, np.random.default_rng(0))
    assert not torch.equal(exchanged, images)
    assert torch.equal(exchanged[:, :, :, :12], images[:, :, :, :12])


def test_a_frame_without_light_neither_takes_nor_gives(images: Tensor) -> None:
    pair = torch.stack([images[0], torch.zeros_like(images[0])])
    for seed in range(20):
        exchanged = colours_exchanged(pair, 1.0, np.random.default_rng(seed))
        assert torch.equal(exchanged[1], pair[1])
        assert int((exchanged[0].int() - pair[0].int()).abs().max()) <= 1


def test_a_share_of_the_frames_is_changed_and_none_in_place(images: Tensor) -> None:
    many = images.repeat(100, 1, 1, 1)
    before = many.clone()
    exchanged = colours_exchanged(many, 0.4, np.random.default_rng(7))
    changed = ((exchanged.int() - many.int()).abs() > 2).flatten(1).any(dim=1)
    assert 0.1 < float(changed.float().mean()) < 0.3  # of 40 %, half have a partner of their colour
    assert torch.equal(many, before)
    assert colours_exchanged(many, 0.0, np.random.default_rng(7)) is many


class Recorder(nn.Module):
    """The smallest network that can be trained, which keeps what it was shown."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 1, kernel_size=1)
        self.shown: list[Tensor] = []

    def forward(self, images: Tensor) -> Tensor:
        self.shown.append(images.detach().clone())
        logits: Tensor = self.convolution(images)
        return logits


def what_both_saw(arguments: list[str], run: str, *options: str) -> tuple[list[Tensor], ...]:
    network, judged = Recorder(), list[Tensor]()

    def objective(logits: Tensor, images: Tensor, _masks: Tensor) -> Tensor:
        judged.append(images.detach().clone())
        return logits.square().mean()

    chosen = [*arguments, "--output", run, "validation=", "validation_negatives=", *options]
    parser = training_parser("test", None)
    assert run_training(parser, chosen, lambda *_: Task(network, objective)) == 0
    return network.shown, judged


def test_the_network_sees_other_colours_and_a_teacher_the_frames_own(
    arguments: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    runs = tmp_path_factory.mktemp("runs")
    shown, judged = what_both_saw(arguments, str(runs / "own"))
    assert all(torch.equal(*pair) for pair in zip(shown, judged, strict=True))
    other_shown, other_judged = what_both_saw(
        arguments, str(runs / "other"), "colour_exchange=1", "scales=[1.0, 0.5]"
    )
    assert all(torch.equal(*pair) for pair in zip(judged, other_judged[::2], strict=True))
    assert not all(torch.equal(*pair) for pair in zip(other_shown, other_judged, strict=True))
    assert [a.shape for a in other_shown] == [b.shape for b in other_judged]
