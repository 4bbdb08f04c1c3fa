"""What the report says where there is little to say."""

from __future__ import annotations

from pathlib import Path

from models.backends.base import BackendInfo
from models.evaluation.application_score import FrameScore, OperatingPoint, application_score
from models.evaluation.overlap import Overlap
from models.evaluation.report import Evaluation, SetScore, write_report


def test_a_set_without_polyps_and_without_faults_needs_no_tables(tmp_path: Path) -> None:
    frames = [FrameScore("empty/e0", Overlap(0, 0, 0, 100), 0.0, 0, 0, 0)]
    score = SetScore(application_score(frames), frames, None, None, None, None)
    info = BackendInfo("onnxruntime", "1", "a processor", "FP32")
    point = OperatingPoint(0.5, 0.002)
    evaluation = Evaluation(
        "m.onnx", "0" * 64, "a command", None, info, point, None, [], {"e": score}, frozenset()
    )
    write_report(evaluation, tmp_path)
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "| e | 0 |  |  |  | 1 | 1.000" in report
    assert "As the papers measure" not in report
    assert report.endswith(
        "## Where it fails most\n\nNowhere: on every frame exactly the polyp is marked.\n"
    )
