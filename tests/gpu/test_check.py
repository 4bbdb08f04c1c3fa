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

from tests.gpu import check
from tests.gpu.check import (
    LEAST,
    LIMITS_S,
    NOT_RUN,
    all_went_well,
    bars,
    ratios,
    summary_of,
    summary_of_bars,
    write_report,
)
from tests.gpu.device import CLOCKS, DeviceFacts, clocks_while, nvidia_smi
from tests.gpu.floor import floor_of
from tests.gpu.limited_run import TooSlowError, last_words, run_limited
from tests.gpu.run_part import run_part
from tests.gpu.run_tests import GPU_TESTS, count_outcomes, run_tests
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
        "tests": {"passed": 60, "skipped": {}, "failed": {}},
        "our_path": part(1.5),
        "path_without_network": {"1080p": {"pinned_picture": {"median_ms": 0.4}}},
        "torch_eager": part(12.0),
        "torch_compiled": part(3.0),
        "onnxruntime_cuda": part(4.5),
        "replay_1080p": {
            "masks_and_table_frames_per_s": 500.0,
            "marked_video_too_frames_per_s": 410.0,
            "backend": "tensorrt",
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
    line = summary_of("torch_compiled", refused["torch_compiled"])
    assert line == "torch_compiled       refused: no torch with CUDA"
    assert not all_went_well(refused)
    assert all_went_well(results())
    assert not all_went_well(results(tests={"passed": 1, "skipped": {}, "failed": {"a": "b"}}))
    assert not all_went_well(results(tests={"passed": 0, "skipped": {"no": 161}, "failed": {}}))
    del refused["torch_compiled"]
    assert all_went_well(refused), "what was not asked for"


def test_every_part_has_its_line() -> None:
    assert set(results()) == set(LIMITS_S)
    lines = [summary_of(part, result) for part, result in results().items()]
    assert "path_without_network 1080p median 0.400 ms" in lines
    assert "tests                60 passed, 0 failed" in lines
    assert "our_path             median 1.500 ms, p99 3.000 ms" in lines


def test_a_missed_bar_fails_the_check_and_is_named() -> None:
    slow = {
        "masks_and_table_frames_per_s": 500.0,
        "marked_video_too_frames_per_s": 300.0,
        "backend": "onnxruntime",
        "decoded_on_gpu": False,
    }
    missed = results(replay_1080p=slow)
    assert [name for name, bar in bars(missed).items() if not bar["reached"]] == [
        "marked_video_too_frames_per_s"
    ]
    assert "marked_video_too_frames_per_s: 300.0, at least 400: MISSED" in summary_of_bars(missed)
    assert summary_of("replay_1080p", slow).endswith(
        " 500 frames/s, 300 with marked video, by onnxruntime, decoded on the CPU"
    )
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
    assert result["refused"] == (
        "ModuleNotFoundError: No module named 'tests.gpu.parts.no_such_part'"
    )
    assert result["log"][0] == "Traceback (most recent call last):"


def test_a_part_that_takes_too_long_is_ended() -> None:
    result = run_part("torch_eager", "sm_75", 1, timeout_s=0.01)
    assert result["refused"] == "not done after 0 s"


def test_what_takes_too_long_is_ended_with_all_that_it_started(tmp_path: Path) -> None:
    started = tmp_path / "pid"
    program = f"""
import subprocess, sys, time
sleeper = subprocess.Popen(["sleep", "120"])
open({str(started)!r}, "w").write(str(sleeper.pid))
time.sleep(120)
"""
    with pytest.raises(TooSlowError, match="not done after 3 s") as refusal:
        run_limited(["-c", program], timeout_s=3)
    assert refusal.value.log[-1] == '  File "<string>", line 5 in <module>', "where it was"
    until_s = time.monotonic() + 10
    while is_running(int(started.read_text())):
        assert time.monotonic() < until_s
        time.sleep(0.01)


def test_what_is_killed_without_a_word_has_its_exit_code() -> None:
    kill = "import os, signal; {}; os.kill(os.getpid(), signal.SIGKILL)"
    assert last_words(run_limited(["-c", kill.format("0")], 60)) == "exit code -9: it said nothing"
    words = 'print("compiling", flush=True)'
    assert last_words(run_limited(["-c", kill.format(words)], 60)) == "exit code -9: compiling"


def test_a_crash_is_named_by_what_it_was() -> None:
    run = run_limited(["-c", "import ctypes, numpy; ctypes.string_at(0)"], 60)
    assert last_words(run) == "Fatal Python error: Segmentation fault"


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


TESTS_ON_A_BAD_DRIVER = """
import os, time, warnings
import pytest

pytestmark = pytest.mark.gpu

def test_that_warns(): warnings.warn("of another package")
def test_that_fails(): assert 1 == 2, "first\\nsecond"
def test_that_crashes(): os.abort()
def test_that_comes_after(): pass
def test_that_needs_more(): pytest.skip("no such GPU")
@pytest.fixture
def engine(): raise RuntimeError("no engine")
def test_that_has_no_engine(engine): pass
"""


@pytest.mark.slow
def test_a_test_that_crashes_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "test_bad.py").write_text(TESTS_ON_A_BAD_DRIVER)
    (tmp_path / "test_foreign.py").write_text("import no_such_package")
    run = run_tests(120, places_of(tmp_path))
    assert "refused" not in run
    assert run["passed"] == 2
    assert run["skipped"] == {"Skipped: no such GPU": 1}
    assert {name.rpartition("/")[2]: why for name, why in run["failed"].items()} == {
        "test_foreign.py": "E   ModuleNotFoundError: No module named 'no_such_package'",
        "test_bad.py::test_that_fails": "AssertionError: first",
        "test_bad.py::test_that_crashes": (
            "worker 'gw0' crashed while running 'test_bad.py::test_that_crashes'"
        ),
        "test_bad.py::test_that_has_no_engine": "RuntimeError: no engine",
    }


@pytest.mark.slow
def test_what_was_known_when_the_time_was_over_is_kept(tmp_path: Path) -> None:
    slow = "import time, pytest\npytestmark = pytest.mark.gpu\n"
    slow += "def test_first(): pass\ndef test_second(): time.sleep(120)\n"
    (tmp_path / "test_slow.py").write_text(slow)
    run = run_tests(20, places_of(tmp_path))
    assert (run["passed"], run["refused"]) == (1, "not done after 20 s")
    assert "1 passed, 0 failed until then" in summary_of("tests", run)


def places_of(folder: Path) -> list[str]:
    return [str(folder), f"--rootdir={folder}", f"--config-file={ROOT / 'pyproject.toml'}"]


def test_the_slowest_tests_are_named() -> None:
    lines = [
        json.dumps({"test": f"{seconds}", "outcome": "passed", "seconds": seconds, "why": ""})
        for seconds in range(7)
    ]
    assert count_outcomes(lines)["slowest_s"] == {"6": 6, "5": 5, "4": 4, "3": 3, "2": 2}


def test_the_packages_to_bring_are_the_ones_that_are_required() -> None:
    required = {
        wanted
        for path in ROOT.glob("requirements*.txt")
        for wanted in re.findall(r"^[\w-]+(?:\[.*\])?==\S+", path.read_text(), re.MULTILINE)
    }
    without_extras = {re.sub(r"\[.*\]", "", wanted).rstrip(";") for wanted in required}
    page = (ROOT / "docs" / "gpu-check.md").read_text(encoding="utf-8")
    brought = {
        re.sub(r"^(tensorrt-rtx-cu13)-(libs|bindings)", r"\1", wanted)
        for wanted in re.findall(r"[\w-]+==[\d.]+", page)
    }
    assert brought
    assert brought <= without_extras


def test_latency_counts_the_steps_after_the_warm_up() -> None:
    calls = []
    figures = latency(lambda: calls.append(1), 50, warm_up_s=0)
    assert (figures.iterations, len(calls)) == (50, 150)
    assert 0 <= figures.least_ms <= figures.median_ms <= figures.p99_ms


def test_it_is_warmed_up_for_a_time() -> None:
    begun_s = time.monotonic()
    latency(lambda: time.sleep(0.0001), 1, warm_up_s=0.5)
    assert time.monotonic() - begun_s >= 0.5


SLOW_TOOL = "#!/bin/sh\nsleep 0.3\necho '1980 MHz, 2619 MHz, 41, 300.10 W, 0x0'\n"


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A place for a tool of the driver's that answers as one does on an H100."""
    path = tmp_path / "nvidia-smi"
    path.write_text(SLOW_TOOL)
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return path


def test_clocks_are_asked_for_while_the_device_is_busy(tool: Path) -> None:
    steps: list[float] = []
    found = clocks_while(lambda: steps.append(time.monotonic()))
    assert found == dict(
        zip(CLOCKS, ["1980 MHz", "2619 MHz", "41", "300.10 W", "0x0"], strict=True)
    )
    assert steps[-1] - steps[0] > 0.2


def test_a_driver_that_does_not_answer_is_not_waited_for(
    tool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr("tests.gpu.device.ANSWER_LIMIT_S", 0.5)
    begun_s = time.monotonic()
    assert nvidia_smi("name") == {"name": "unknown"}
    assert set(clocks_while(lambda: None).values()) == {"unknown"}
    assert time.monotonic() - begun_s < 20


H100 = DeviceFacts("NVIDIA H100 80GB HBM3", "580.159.04", "sm_90", 132, 1980.0, 3.35e12)


def test_after_each_part_the_report_holds_all_that_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "gpu-nvidia-h100-80gb-hbm3.json"
    seen: list[dict[str, Any]] = []

    def part(name: str, *_: object) -> dict[str, Any]:
        seen.append(json.loads(path.read_text()))
        if name == "our_path":
            raise OSError("no space left")
        return results()[name]  # type: ignore[no-any-return]

    monkeypatch.setattr(check, "device_facts", lambda: H100)
    monkeypatch.setattr(check, "run_part", part)
    parts = ["our_path", "torch_eager", "torch_compiled"]
    assert check.main(["--output", str(tmp_path), "--parts", *parts]) == 1
    assert [seen[0][name] for name in parts] == [NOT_RUN] * 3
    assert seen[1]["our_path"]["refused"] == "OSError: no space left"
    assert seen[2]["torch_eager"]["network_alone"]["median_ms"] == 12.0
    assert seen[2]["torch_compiled"] == NOT_RUN
    last = json.loads(path.read_text())
    assert last["torch_compiled"]["took_s"] >= 0
    assert not set(LIMITS_S) - set(parts) & set(last)
    assert [path] == list(tmp_path.iterdir())
    assert capsys.readouterr().out.count("\n") == 4


def test_parts_for_which_no_time_is_left_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "device_facts", lambda: H100)
    options = ["--time-limit-s", "5", "--output", str(tmp_path)]
    assert check.main(options) == 1
    report = json.loads((tmp_path / "gpu-nvidia-h100-80gb-hbm3.json").read_text())
    for part in LIMITS_S:
        assert report[part] == {"refused": "no time was left of 5 s"}


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
