from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.hardnet_mseg import load_checkpoint
from models.training.recentre import main
from tests.models.drawn_weights import drawn_input, drawn_state


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    path = tmp_path / "drawn.safetensors"
    save_file(drawn_state("recentre"), path)
    return path


def test_what_had_the_threshold_has_one_half(checkpoint: Path, tmp_path: Path) -> None:
    output = tmp_path / "recentred.safetensors"
    assert main([str(checkpoint), "--threshold", "0.8", "-o", str(output)]) == 0
    frame = drawn_input("recentre", 64)
    with torch.inference_mode():
        # The last bias alone may differ: the drawn weights are rounded to half precision by both.
        assert main([str(checkpoint), "--threshold", "0.5", "-o", str(checkpoint)]) == 0
        before, after = (load_checkpoint(path)(frame) for path in (checkpoint, output))
    assert torch.allclose(before - math.log(4), after, atol=2e-3)


@pytest.mark.parametrize("threshold", ["0", "1", "-0.5", "nan"])
def test_a_threshold_that_no_bias_reaches_is_refused(
    checkpoint: Path, tmp_path: Path, threshold: str
) -> None:
    output = tmp_path / "recentred.safetensors"
    with pytest.raises(SystemExit) as ended:
        main([str(checkpoint), "--threshold", threshold, "-o", str(output)])
    assert ended.value.code == 2
    assert not output.exists()


def test_a_missing_checkpoint_is_one_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    missing = str(tmp_path / "missing.safetensors")
    assert main([missing, "--threshold", "0.6", "-o", str(tmp_path / "out.safetensors")]) == 1
    assert "no weights file" in caplog.text
