"""What NVIDIA's tool says, read through a tool that says the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from app.bench.gpu_clocks import GpuClocks, gpu_clocks

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the tool is a shell script")


def install(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = folder / "nvidia-smi"
    tool.write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_every_gpu_has_its_clocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = "NVIDIA GeForce RTX 2080 Ti, 1935, 7000, 64, 211.45\\nNVIDIA T4, 585, 5000, 41, [N/A]"
    install(tmp_path, f'printf "{rows}\\n"', monkeypatch)
    assert gpu_clocks() == [
        GpuClocks("NVIDIA GeForce RTX 2080 Ti", 1935.0, 7000.0, 64.0, 211.45),
        GpuClocks("NVIDIA T4", 585.0, 5000.0, 41.0, None),
    ]


def test_it_is_asked_for_what_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, f'echo "$@" > {tmp_path}/asked', monkeypatch)
    assert gpu_clocks() == []
    asked = (tmp_path / "asked").read_text()
    assert "--query-gpu=name,clocks.sm,clocks.mem,temperature.gpu,power.draw" in asked
    assert "csv,noheader,nounits" in asked


@pytest.mark.parametrize("script", ["echo 'no driver'; exit 9", "echo nonsense", ""])
def test_a_driver_that_does_not_answer_is_no_gpu(
    script: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, script, monkeypatch)
    assert gpu_clocks() == []


def test_without_the_tool_there_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert gpu_clocks() == []
