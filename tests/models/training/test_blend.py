from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from models.training.blend import main
from tests.models.drawn_weights import drawn_state


@pytest.fixture
def two_files(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "one.safetensors", tmp_path / "two.safetensors"
    for path in paths:
        save_file(drawn_state(path.stem), path)
    return paths


def test_a_blend_lies_between_the_two(two_files: tuple[Path, Path], tmp_path: Path) -> None:
    output = tmp_path / "blend.safetensors"
    assert main([*map(str, two_files), "--share", "0.25", "-o", str(output)]) == 0
    first, second, blended = (load_file(path) for path in (*two_files, output))
    for name, value in blended.items():
        expected = 0.75 * first[name] + 0.25 * second[name]
        assert value.dtype == torch.float16
        assert torch.allclose(value.float(), expected, rtol=1e-3, atol=1e-4)


def test_a_missing_file_is_one_sentence(
    two_files: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    arguments = [str(two_files[0]), str(tmp_path / "no.safetensors"), "-o", str(tmp_path / "out")]
    assert main(arguments) == 1
    assert "no weights file" in caplog.text
    assert not (tmp_path / "out").exists()


def test_a_share_beyond_one_is_wrong_usage(two_files: tuple[Path, Path], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stop:
        main([*map(str, two_files), "--share", "1.5", "-o", str(tmp_path / "out")])
    assert stop.value.code == 2


def test_an_output_that_cannot_be_written_is_one_sentence(
    two_files: tuple[Path, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "nowhere" / "blend.safetensors"
    assert main([*map(str, two_files), "-o", str(output)]) == 1
    assert "No such file or directory; check the path" in caplog.text
