"""``python run_app.py check``: every runtime is really run, and what it says is so."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pytest

from app import check as checks
from app.check import GOLDEN_FRAME, GOLDEN_MASK, as_json, as_table, check
from tests.app.command import run_app


@pytest.fixture(scope="module")
def report() -> checks.CheckReport:
    return check()


def test_a_processor_runs_the_golden_frame_as_stored(report: checks.CheckReport) -> None:
    runtimes = {runtime.name: runtime for runtime in report.runtimes}
    assert list(runtimes) == ["tensorrt", "openvino", "onnxruntime"]
    for name in ("openvino", "onnxruntime"):
        runtime = runtimes[name]
        assert runtime.works, runtime.detail
        assert runtime.iou is not None
        assert runtime.iou >= 0.99
        assert version(name)[:6] in runtime.detail
    assert report.works


def test_what_does_not_run_says_why(report: checks.CheckReport) -> None:
    for runtime in report.runtimes:
        if runtime.iou is None:
            assert not runtime.works
            assert runtime.detail.endswith((".", "--fp16", ".txt"))


def test_the_table_names_every_finding(report: checks.CheckReport) -> None:
    table = as_table(report)
    for name, installed in report.packages.items():
        assert name in table
        assert installed in table
    assert table.count("passed") == sum(runtime.works for runtime in report.runtimes)
    assert "MISSING" not in table
    assert report.packages["numpy"] == np.__version__


def test_the_table_says_whether_a_gpu_decodes(report: checks.CheckReport) -> None:
    assert f"Decoding   on the GPU: {report.gpu_decoding}\n" in as_table(report)
    if not Path("/dev/nvidiactl").exists():
        assert "no NVIDIA GPU with its driver was found" in report.gpu_decoding


def test_json_says_the_same(report: checks.CheckReport) -> None:
    content = json.loads(as_json(report))
    assert content["works"] is True
    assert content["packages"] == report.packages
    assert [runtime["works"] for runtime in content["runtimes"]] == [
        runtime.works for runtime in report.runtimes
    ]


def test_the_command_prints_json_alone() -> None:
    result = run_app("check", "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["works"] is True


def test_a_runtime_that_answers_otherwise_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mask = cv2.imread(str(GOLDEN_MASK), cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    shifted = tmp_path / "mask.png"
    cv2.imwrite(str(shifted), np.roll(mask, 12, axis=1))
    monkeypatch.setattr(checks, "GOLDEN_MASK", shifted)
    report = check()
    assert not report.works
    assert "FAILED" in as_table(report)


def test_the_golden_frame_shows_a_polyp() -> None:
    assert GOLDEN_FRAME.is_file()
    mask = cv2.imread(str(GOLDEN_MASK), cv2.IMREAD_GRAYSCALE)
    assert mask is not None
    assert 0.005 < np.count_nonzero(mask) / mask.size < 0.5
