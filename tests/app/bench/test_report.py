"""The report: JSON that says what it is, and a table that fits a terminal."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.bench.gpu_clocks import GpuClocks
from app.bench.report import Extent, Report, SoakResult, table, write_report
from app.sinks.base import SinkError
from tests.app.bench.runs import one_report
from tests.app.bench.test_soak import ROW


@pytest.fixture(scope="module")
def report() -> Report:
    return one_report()


def test_the_figures_lie_at_the_top_with_their_definitions(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    write_report(path, report)
    content = json.loads(path.read_text())
    assert content["late_share"] == report.figures.late_share
    assert content["dropped"] == report.figures.dropped
    assert content["cpu_share_of_one_core"] == report.figures.cpu_share_of_one_core
    assert list(content["capture_to_mask_ms"]) == ["p50", "p95", "p99", "worst"]
    assert list(content["capture_to_screen_ms"]) == ["p50", "p95", "p99", "worst"]
    assert content["subject"]["backend"] == "stand-in"
    assert content["memory_mb"]["growth"] == report.memory_mb.growth
    assert {"capture", "mask", "screen", "late_share"} <= set(content["definitions"])
    assert content["soak"] is None


def test_a_report_replaces_the_one_before_whole(report: Report, tmp_path: Path) -> None:
    path = tmp_path / "bench.json"
    path.write_text("what was here before, longer than nothing")
    write_report(path, report)
    json.loads(path.read_text())
    assert [each.name for each in tmp_path.iterdir()] == ["bench.json"]


def test_where_nothing_can_be_written_it_says_so(report: Report, tmp_path: Path) -> None:
    with pytest.raises(SinkError, match="cannot be written"):
        write_report(tmp_path / "gone" / "bench.json", report)


def test_the_table_names_the_stand_in_and_what_the_screen_is(report: Report) -> None:
    text = table(report)
    assert "stand-in (no network, a fixed 2 ms) in a thread" in text
    assert "Screen: the frame and the regions on it are handed over" in text
    for name in ("capture to mask", "capture to screen", "late", "dropped", "memory", "threads"):
        assert f"\n{name} " in text


def test_the_table_shows_clocks_and_broken_promises(report: Report) -> None:
    gpu = GpuClocks("NVIDIA T4", 585.0, 5000.0, 41.0, None)
    soak = SoakResult((ROW,), ("The threads went from 4 to 5; they are constant.",))
    text = table(replace(report, gpus=[gpu], soak=soak))
    assert "585 MHz, 5000 MHz memory, 41 °C\n" in text
    assert text.endswith("The threads went from 4 to 5; they are constant.")
    kept = replace(report, soak=SoakResult((ROW,), ()))
    assert table(kept).endswith("Every promise of endurance was kept.")


def test_an_extent_follows_its_quantity() -> None:
    extent = Extent(100.0, 100.0, 100.0).then(150.0).then(120.0)
    assert extent == Extent(100.0, 150.0, 120.0)
    assert extent.growth == pytest.approx(0.2)
