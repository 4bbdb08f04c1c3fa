from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest

from models.evaluation import resolution
from models.evaluation.resolution import Measured, knee, main
from tests.models.tiny_model import write_quantised_tiny_model, write_tiny_model
from tests.models.training.drawn_data import write_list, write_set


@pytest.fixture
def data_root(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    for folder in ("kvasir-seg", "cvc-clinicdb"):
        write_set(root, folder, [f"k{number}" for number in range(4)])
    write_set(root, "empty", [f"e{number}" for number in range(8)], polyp=False)
    entries = [f"{folder}/k{n}" for folder in ("kvasir-seg", "cvc-clinicdb") for n in range(4)]
    write_list(root, "pranet_val", entries)
    write_list(root, "pranet_train", entries)
    write_list(root, "polypgen_negative", [f"empty/e{number}" for number in range(8)])
    return root


def test_every_runtime_is_measured_at_every_size(
    tmp_path: Path, data_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tiny model looks at brightness, which no size changes."""
    monkeypatch.setattr(resolution, "SIZES", (64,))
    model, int8 = write_tiny_model(tmp_path), write_quantised_tiny_model(tmp_path)
    arguments = ["--data", str(data_root), "--onnx", str(model), "--int8", str(int8)]
    output = tmp_path / "docs"
    assert main([*arguments, "--output", str(output)]) == 0
    rows = json.loads((output / "resolution.json").read_text())
    runtimes = dict.fromkeys(row["runtime"] for row in rows)
    runtimes_of_any_machine = {
        f"{name} {precision}"
        for name in ("OpenVINO", "ONNX Runtime")
        for precision in ("FP32", "INT8")
    }
    assert runtimes_of_any_machine <= runtimes.keys()
    assert [row["size"] for row in rows] == [32, 64] * len(runtimes)
    assert all(0.3 < row["dice"] <= 1 and row["time_ms"] > 0 for row in rows)
    page = (output / "resolution.md").read_text()
    assert all(f"| {row['size']}x{row['size']} " in page for row in rows)
    assert "pranet_val:kvasir-seg, pranet_train:cvc-clinicdb (one frame in 4), pranet_val" in page
    assert f"--output {output}`" in page
    assert ElementTree.parse(output / "resolution.svg").getroot().tag.endswith("svg")

    # Where only times are asked for, the data is not looked at.
    without_data = ["--data", "nowhere", *arguments[2:], "--output", str(output)]
    assert main([*without_data, "--times-alone"]) == 0
    again = json.loads((output / "resolution.json").read_text())
    assert [row["dice"] for row in again] == [row["dice"] for row in rows]
    assert [row["time_ms"] for row in again] != [row["time_ms"] for row in rows]


def test_the_knee_is_the_smallest_size_that_costs_little() -> None:
    dices = {160: 0.85, 224: 0.865, 288: 0.88, 352: 0.874, 416: 0.8}
    measured = [Measured("r", size, dice, 0.1, 1.0) for size, dice in dices.items()]
    assert knee(measured, own_size=352).size == 224


def test_missing_data_is_one_sentence(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    model = str(write_tiny_model(tmp_path))
    assert main(["--data", str(tmp_path), "--onnx", model, "--output", str(tmp_path)]) == 1
    assert "pranet_val.txt cannot be read" in caplog.text


def test_what_is_not_quantised_is_refused_before_anything_is_measured(
    tmp_path: Path, data_root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model, output = str(write_tiny_model(tmp_path)), tmp_path / "docs"
    arguments = ["--data", str(data_root), "--onnx", model, "--output", str(output)]
    assert main([*arguments, "--int8", model]) == 1
    assert f"{model} is not quantised; python engine_builder/quantise.py makes" in caplog.text
    assert main([*arguments, "--int8", str(tmp_path / "missing.onnx")]) == 1
    assert "There is no weights file" in caplog.text
    assert not output.exists()


@pytest.mark.parametrize("content", [b"", b"\xff", b"[1]", b'[{"runtime": "OpenVINO FP32"}]'])
def test_damaged_figures_are_one_sentence(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    (tmp_path / "resolution.json").write_bytes(content)
    given = ["--data", "nowhere", "--onnx", str(write_tiny_model(tmp_path)), "--times-alone"]
    assert main([*given, "--output", str(tmp_path)]) == 1
    assert "resolution.json holds no figures of an earlier run; leave --times-alone" in caplog.text
    assert (tmp_path / "resolution.json").read_bytes() == content
