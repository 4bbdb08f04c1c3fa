"""``bench`` as a person runs it: a process of its own, its files, its exit codes."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from app import cli
from tests.app.command import RUN_APP, run_app
from tests.app.sources.videos import MP4, write_video
from tests.locations import ROOT
from tests.waiting import wait_until

STAND_IN = ("--backend", "stand-in", "--stand-in-ms", "3")
SMALL = ("--size", "640x360", "--rate", "30")


def content(path: Path) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(path.read_text())
    return stored


PROBE = """
import sys
from app.cli import main
code = main(sys.argv[1:])
heavy = {"torch", "PyQt6", "pyarrow"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else code)
"""


def test_the_live_test_picture_with_the_stand_in(tmp_path: Path) -> None:
    report, drawing = tmp_path / "bench.json", tmp_path / "bench.svg"
    words = (
        "bench", "--source", "phantom", *SMALL, *STAND_IN, "--seconds", "2",
        "--json", str(report), "--plot", str(drawing),
    )  # fmt: skip
    command = [sys.executable, "-c", PROBE, *words]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "stand-in (no network, a fixed 3 ms) in a thread" in result.stdout
    stored = content(report)
    assert set(stored["capture_to_mask_ms"]) == {"p50", "p95", "p99", "worst"}
    assert stored["capture_to_mask_ms"]["p50"] > 3
    assert 0 <= stored["late_share"] <= 1
    assert isinstance(stored["dropped"], int)
    assert 0 < stored["cpu_share_of_one_core"] < 2
    assert stored["subject"]["stand_in_ms"] == 3
    assert (stored["subject"]["width"], stored["subject"]["height"]) == (640, 360)
    assert stored["finished"]
    ElementTree.fromstring(drawing.read_text())


@pytest.mark.skipif(sys.platform != "linux", reason="a process of its own is Linux's")
def test_the_segmenter_in_a_process_of_its_own(tmp_path: Path) -> None:
    report = tmp_path / "bench.json"
    result = run_app("bench", *SMALL, *STAND_IN, "--seconds", "1", "--process", "--json", report)
    assert (result.returncode, result.stderr) == (0, "")
    stored = content(report)
    assert stored["subject"]["own_process"]
    assert stored["subject"]["backend"] == "stand-in"
    assert any(name.startswith("process ") for name in stored["cpu_share_by_thread"])
    assert stored["masked_share"] > 0


def test_a_recording_is_paced_and_a_real_runtime_named(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "clip.mp4", MP4, 20, rate=10)
    report = tmp_path / "bench.json"
    result = run_app(
        "bench", "--source", clip, "--backend", "onnxruntime", "--seconds", "2", "--json", report
    )
    assert (result.returncode, result.stderr) == (0, "")
    stored = content(report)
    assert (stored["subject"]["source"], stored["subject"]["rate"]) == ("clip.mp4", 10)
    assert stored["subject"]["backend"] == "onnxruntime"
    assert stored["subject"]["stand_in_ms"] is None
    assert stored["frames"] < 40


def test_a_soak_that_is_killed_leaves_what_was_measured(tmp_path: Path) -> None:
    report = tmp_path / "soak.json"
    words = ["bench", *SMALL, *STAND_IN, "--soak", "20s", "--json", str(report)]
    with subprocess.Popen([*RUN_APP, *words], stdout=subprocess.DEVNULL) as process:
        wait_until(
            lambda: (
                process.poll() is not None
                or (report.exists() and len(content(report)["soak"]["rows"]) >= 2)
            )
        )
        assert process.poll() is None
        process.send_signal(signal.SIGKILL)
    stored = content(report)
    assert not stored["finished"]
    assert stored["soak"]["rows"][0]["frames"] > 0
    assert [each.name for each in tmp_path.iterdir()] == ["soak.json"]


def test_a_soaks_exit_code_is_its_verdict(tmp_path: Path) -> None:
    report = tmp_path / "soak.json"
    result = run_app("bench", *SMALL, *STAND_IN, "--soak", "3s", "--json", report)
    broken = content(report)["soak"]["broken_promises"]
    assert result.returncode == (1 if broken else 0)
    verdict = "\n".join(broken or ["Every promise of endurance was kept."])
    assert result.stdout.endswith(f"{verdict}\n")


def test_a_disk_that_is_full_loses_neither_the_soak_nor_its_table(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="Windows limits no file's size")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))

    report = tmp_path / "soak.json"
    words = ("bench", *SMALL, *STAND_IN, "--soak", "2s", "--json", report)
    result = run_app(*words, preexec_fn=limit)
    assert result.returncode == 1
    assert "capture to screen" in result.stdout
    sentences = result.stderr.splitlines()
    assert len(sentences) == 10 + 1, "of the intervals and of the end"
    assert set(sentences) == {sentences[0]}
    assert sentences[0].startswith("The disk is full: ")
    assert not list(tmp_path.iterdir())


def test_interrupted_it_is_exit_code_130() -> None:
    words = ["bench", *SMALL, *STAND_IN, "--seconds", "60"]
    with subprocess.Popen(
        [*RUN_APP, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        time.sleep(4)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (130, "Interrupted.\n")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--size", "big"], "'big' is no size; write it as 1920x1080, with even numbers"),
        (["--size", "641x360"], "'641x360' is no size"),
        (["--size", "64x48"], "'64x48' is no size"),
        (["--size", "99999x99998"], "'99999x99998' is no size"),
        (["--rate", "0"], "'0' is no rate from 1 to 1000"),
        (["--rate", "fast"], "'fast' is no rate"),
        (["--rate", "1e99999999"], "is no rate from 1 to 1000"),
        (["--backend", "torch"], "invalid choice: 'torch'"),
        (["--stand-in-ms", "3"], "--stand-in-ms is for --backend stand-in alone"),
        (["--backend", "stand-in", "--stand-in-ms", "-1"], "'-1' is no number from 0 to 10000"),
        (["--seconds", "0"], "at least one second"),
        (["--seconds", "soon"], "'soon' is no time"),
        (["--soak", "8"], "'8' is no duration; write it as 8h, 10m or 30s"),
        (["--soak", "0s"], "at least one second"),
        (["--soak", "8h", "--seconds", "20"], "leave --seconds out"),
        (["--soak", f"{'9' * 400}h"], "is no duration"),
        (["--seconds", "9" * 400], "is no time"),
        (["--json", "gone/bench.json"], "there is no folder gone"),
        (["--json", "."], ". is a folder or a device; name a file"),
        (["--json", "bench", "--plot", "./bench"], "need a file each"),
        (["--source", "clip.mp4", "--size", "1920x1080"], "this source has its own"),
        (["--source", "udp://@:5000", "--size", "1920x1080"], "this source has its own"),
        (["--source", "udp://@:5000", "--rate", "60"], "this source has its own"),
        (["--source", "test-picture:640x360@30", "--size", "1920x1080"], "this source has its own"),
        (["--backend", "stand-in", "--engine", "e"], "--engine is for TensorRT"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", *words])
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--source", "gone.mp4"), "There is no gone.mp4"),
        (("--backend", "onnxruntime", "--weights", "gone.onnx"), "gone.onnx"),
    ],
)
def test_what_is_not_there_is_one_sentence(words: tuple[str, ...], sentence: str) -> None:
    result = run_app("bench", *words)
    assert (result.returncode, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
