"""What of the GPU check runs without a GPU."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.gpu.check import LEAST, all_went_well, bars, ratios, summary, write_report
from tests.gpu.device import DeviceFacts
from tests.gpu.floor import floor_of
from tests.gpu.limited_run import TooSlowError, last_words, run_limited
from tests.gpu.run_part import run_part
from tests.gpu.run_tests import GPU_TESTS, count_results
from tests.gpu.timing import latency
from tests.locations import ROOT

RTX_2080_TI = DeviceFacts(
    name="NVIDIA GeForce RTX 2080 Ti",
    driver="595.10",
    target="sm_75",
    multiprocessors=68,
    largest_clock_mhz=1545.0,
    memory_bytes_per_s=616e9,
)


def results(**changes: Any) -> dict[str, Any]:
    """A check that went well."""

    def part(median_ms: float) -> dict[str, Any]:
        return {"network_alone": {"median_ms": median_ms, "p99_ms": 2 * median_ms}}

    return {
        "tensorrt_inference": {"runtime": {"version": "tensorrt 10"}, "second_start_s": 0.5},
        "tests": {"passed": 60, "skipped": 0, "failed": {}},
        "our_path": part(1.5),
        "torch_eager": part(12.0),
        "torch_compiled": part(3.0),
        "onnxruntime_cuda": part(4.5),
        "replay_1080p": {
            "masks_and_table_frames_per_s": 500.0,
            "marked_video_too_frames_per_s": 410.0,
            "decoded_on_gpu": True,
        },
        **changes,
    }


def test_the_floor_of_a_2080_ti_follows_from_its_data_sheet() -> None:
    """107.6 TFLOPS in FP16 and 616 GB/s."""
    floor = floor_of(RTX_2080_TI)
    assert floor is not None
    assert floor.arithmetic_ms == pytest.approx(2 * 11.35e9 / 107.6e12 * 1e3, rel=0.001)
    assert floor.weights_ms == pytest.approx(34.8e6 / 616e9 * 1e3)
    assert floor.floor_ms == floor.arithmetic_ms


def test_an_unknown_architecture_has_no_floor() -> None:
    facts = DeviceFacts("GPU", "1", "sm_999", 1, 1.0, 1.0)
    assert floor_of(facts) is None


def test_the_report_says_device_versions_floor_and_ratios(tmp_path: Path) -> None:
    path = write_report(tmp_path / "new", RTX_2080_TI, results())
    assert path.name == "gpu-nvidia-geforce-rtx-2080-ti.json"
    report = json.loads(path.read_text())
    assert report["device"]["driver"] == "595.10"
    assert report["versions"]["numpy"]
    assert report["ratios"] == pytest.approx(
        {
            "torch_eager_over_ours": 8.0,
            "torch_compiled_over_ours": 2.0,
            "onnxruntime_cuda_over_ours": 3.0,
            "ours_over_floor": 1.5 / report["floor"]["floor_ms"],
        }
    )


def test_a_refused_peer_is_left_out_of_the_ratios_and_fails_the_check() -> None:
    refused = results(torch_compiled={"refused": "no torch with CUDA"})
    assert set(ratios(refused, None)) == {"torch_eager_over_ours", "onnxruntime_cuda_over_ours"}
    assert "torch_compiled       refused: no torch with CUDA" in summary(refused)
    assert not all_went_well(refused)
    assert all_went_well(results())
    assert not all_went_well(results(tests={"passed": 1, "skipped": 0, "failed": {"a": "b"}}))
    assert not all_went_well(results(tests={"passed": 0, "skipped": 161, "failed": {}}))


def test_a_missed_bar_fails_the_check_and_is_named() -> None:
    slow = {
        "masks_and_table_frames_per_s": 500.0,
        "marked_video_too_frames_per_s": 300.0,
        "decoded_on_gpu": False,
    }
    missed = results(replay_1080p=slow)
    assert [name for name, bar in bars(missed).items() if not bar["reached"]] == [
        "marked_video_too_frames_per_s"
    ]
    assert "marked_video_too_frames_per_s: 300.0, at least 400: MISSED" in summary(missed)
    assert "500 frames/s, 300 with marked video, decoded on the CPU" in summary(missed)
    assert not all_went_well(missed)
    assert all(bar["reached"] for bar in bars(results()).values())


def test_what_was_refused_reaches_no_bar_and_misses_none() -> None:
    refused = {"refused": "no GPU"}
    nothing = bars(results(our_path=refused, replay_1080p=refused))
    assert set(nothing) == set(LEAST)
    assert {bar["reached"] for bar in nothing.values()} == {None}


def test_without_our_path_there_is_nothing_to_compare() -> None:
    assert ratios(results(our_path={"refused": "no pycuda"}), 0.2) == {}


def test_a_part_that_fails_gives_its_last_words() -> None:
    result = run_part("no_such_part", "sm_75", 1, timeout_s=60)
    assert result == {
        "refused": "ModuleNotFoundError: No module named 'tests.gpu.parts.no_such_part'"
    }


def test_a_part_that_takes_too_long_is_ended() -> None:
    assert run_part("torch_eager", "sm_75", 1, timeout_s=0.01) == {"refused": "not done after 0 s"}


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    program = f"""
import subprocess, sys, time
sleeper = subprocess.Popen(["sleep", "120"])
open({str(started)!r}, "w").write(str(sleeper.pid))
time.sleep(120)
"""
    with pytest.raises(TooSlowError, match="not done after 3 s"):
        run_limited(["-c", program], timeout_s=3)
    until_s = time.monotonic() + 10
    while is_running(int(started.read_text())):
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_what_is_killed_without_a_word_has_its_exit_code() -> None:
    kill = "import os, signal; {}; os.kill(os.getpid(), signal.SIGKILL)"
    assert last_words(run_limited(["-c", kill.format("0")], 60)) == "exit code -9: it said nothing"
    words = 'print("compiling", flush=True)'
    assert last_words(run_limited(["-c", kill.format(words)], 60)) == "exit code -9: compiling"


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_every_test_that_needs_a_gpu_is_run() -> None:
    folders = [ROOT / place for place in GPU_TESTS]
    for path in (ROOT / "tests").rglob("test_*.py"):
        marked = re.search(r"mark\.gpu\b", path.read_text(encoding="utf-8"))
        assert not marked or any(path.is_relative_to(folder) for folder in folders), path


def test_the_tests_results_are_counted() -> None:
    junit = """<testsuites><testsuite>
        <testcase classname="a" name="one"/>
        <testcase classname="a" name="two"><skipped message="no GPU"/></testcase>
        <testcase classname="a" name="three"><failure message="first&#10;second"/></testcase>
        <testcase classname="a" name="four"><error message="setup"/></testcase>
    </testsuite></testsuites>"""
    assert count_results(junit) == {
        "passed": 1,
        "skipped": 1,
        "failed": {"a::three": "first", "a::four": "setup"},
    }


def test_latency_counts_the_steps_after_the_warm_up() -> None:
    calls = []
    figures = latency(lambda: calls.append(1), 50)
    assert (figures.iterations, len(calls)) == (50, 100)
    assert 0 <= figures.least_ms <= figures.median_ms <= figures.p99_ms


@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there is a GPU")
def test_without_a_gpu_the_check_says_so_in_one_sentence(tmp_path: Path) -> None:
    check = run_check("--output", str(tmp_path))
    assert check.returncode == 1
    assert check.stderr.count("\n") == 1
    assert "NVIDIA" in check.stderr
    assert list(tmp_path.iterdir()) == []


def test_wrong_usage_has_its_own_exit_code() -> None:
    assert run_check("--iterations", "0").returncode == 2


def run_check(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.gpu.check", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
