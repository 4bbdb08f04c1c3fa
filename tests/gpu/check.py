"""Everything that needs an NVIDIA GPU, in one go: ``make gpu-check``.

Writes ``docs/benchmarks/gpu-<device>.json``: whether TensorRT runs, how fast the application's path
is beside its peers and beside the floor, how fast a replay is from file to files, and what the GPU
tests say. Exit code 0 where all of it went well and every bar was reached, 1 otherwise. What one
part refuses does not stop the others, and the file is there, with all that is known, after each.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from models.whole_file import write_whole
from tests.gpu.device import DeviceFacts, NoGpuError, device_facts
from tests.gpu.floor import floor_of
from tests.gpu.run_part import run_part
from tests.gpu.run_tests import run_tests
from tests.locations import ROOT

BENCHMARKS = ROOT / "docs" / "benchmarks"
TIME_LIMIT_S = 570.0
"""For everything together; what comes too late is refused."""
OURS = "our_path"
WITHOUT_NETWORK = "path_without_network"
PEERS = ("torch_eager", "torch_compiled", "onnxruntime_cuda")
REPLAY = "replay_1080p"
TESTS = "tests"
LIMITS_S = {
    "tensorrt_inference": 150.0,
    OURS: 90.0,
    WITHOUT_NETWORK: 60.0,
    "torch_eager": 60.0,
    "torch_compiled": 180.0,
    "onnxruntime_cuda": 90.0,
    REPLAY: 180.0,
    TESTS: 300.0,
}
"""Each part's own limit, in the order in which they are run: what is compared comes together."""
LEAST_S = 10.0
"""With less than this left, a part is not begun."""
NOT_RUN = {"refused": "not run"}
LEAST = {
    "torch_eager_over_ours": 5.0,
    "torch_compiled_over_ours": 1.3,
    "masks_and_table_frames_per_s": 400.0,
    "marked_video_too_frames_per_s": 400.0,
}
"""The bars, by the name of what is held against them."""
PACKAGES = (
    "tensorrt",
    "tensorrt-rtx-cu13",
    "pycuda",
    "av",
    "cuda-bindings",
    "nvidia-cuda-nvrtc",
    "onnxruntime-gpu",
    "torch",
    "triton",
    "nvidia-cublas",
    "nvidia-cudnn-cu13",
    "numpy",
)


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        device = device_facts()
    except NoGpuError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    deadline_s = time.monotonic() + options.time_limit_s
    results: dict[str, Any] = {part: NOT_RUN for part in LIMITS_S if part in options.parts}
    path = write_report(options.output, device, results)
    for part in results:
        left_s = deadline_s - time.monotonic()
        if left_s < LEAST_S:
            results[part] = {"refused": f"no time was left of {options.time_limit_s:.0f} s"}
        else:
            limit_s = min(LIMITS_S[part], left_s)
            results[part] = _run(part, device.target, options.iterations, limit_s)
        write_report(options.output, device, results)
        sys.stdout.write(f"{summary_of(part, results[part])}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{summary_of_bars(results)}{path}\n")
    return 0 if all_went_well(results) else 1


def _run(part: str, target: str, iterations: int, limit_s: float) -> dict[str, Any]:
    """What ``part`` came to; a fault of the check itself is a refusal as well."""
    started_s = time.monotonic()
    try:
        if part == TESTS:
            result = run_tests(limit_s)
        else:
            result = run_part(part, target, iterations, limit_s)
    except (OSError, ValueError) as error:
        result = {"refused": f"{type(error).__name__}: {error}"}
    return {**result, "took_s": round(time.monotonic() - started_s, 1)}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.gpu.check", description="Everything that needs an NVIDIA GPU."
    )
    parser.add_argument(
        "--iterations", type=_positive, default=2000, help="steps of each measurement (2000)"
    )
    parser.add_argument(
        "--output", type=Path, default=BENCHMARKS, metavar="DIR", help="(docs/benchmarks)"
    )
    parser.add_argument(
        "--parts", nargs="+", choices=LIMITS_S, default=list(LIMITS_S), help="(all of them)"
    )
    parser.add_argument(
        "--time-limit-s",
        type=_positive,
        default=TIME_LIMIT_S,
        metavar="SECONDS",
        help=f"for all parts together ({TIME_LIMIT_S:.0f})",
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


def write_report(folder: Path, device: DeviceFacts, results: Mapping[str, Any]) -> Path:
    """Writes the report, and gives the path that the device's name makes."""
    floor = floor_of(device)
    report = {
        "device": asdict(device),
        "versions": {"python": platform.python_version(), **_installed_versions()},
        "floor": None if floor is None else {**asdict(floor), "floor_ms": floor.floor_ms},
        "ratios": ratios(results, None if floor is None else floor.floor_ms),
        "bars": bars(results),
        **results,
    }
    slug = re.sub(r"[^a-z0-9]+", "-", device.name.lower()).strip("-")
    path = folder / f"gpu-{slug}.json"
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, (json.dumps(report, indent=2) + "\n").encode())
    return path


def _installed_versions() -> dict[str, str]:
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def ratios(results: Mapping[str, Any], floor_ms: float | None) -> dict[str, float]:
    """Median of the network alone, by each peer and by the floor, over that of our path."""
    medians = {
        name: results[name]["network_alone"]["median_ms"]
        for name in (OURS, *PEERS)
        if "network_alone" in results.get(name, {})
    }
    ours = medians.pop(OURS, None)
    if ours is None:
        return {}
    compared = {f"{name}_over_ours": median / ours for name, median in medians.items()}
    if floor_ms is not None:
        compared["ours_over_floor"] = ours / floor_ms
    return compared


def bars(results: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """What was measured of ``LEAST``, and whether it was reached; None where it was refused."""
    measured = {**ratios(results, None), **results.get(REPLAY, {})}
    return {
        name: {
            "value": measured.get(name),
            "at_least": least,
            "reached": measured[name] >= least if name in measured else None,
        }
        for name, least in LEAST.items()
    }


def all_went_well(results: Mapping[str, Any]) -> bool:
    refused = any("refused" in result for result in results.values())
    missed = any(bar["reached"] is False for bar in bars(results).values())
    if refused or missed:
        return False
    tests = results.get(TESTS)
    return tests is None or (bool(tests["passed"]) and not tests["failed"])


def summary_of(part: str, result: Mapping[str, Any]) -> str:
    """What a part came to, in one line."""
    if "refused" in result:
        what = f"refused: {result['refused']}"
        if "passed" in result:
            what += f" ({result['passed']} passed, {len(result['failed'])} failed until then)"
    elif part == TESTS:
        what = f"{result['passed']} passed, {len(result['failed'])} failed"
    elif part == "tensorrt_inference":
        what = f"{result['runtime']['version']}, second start {result['second_start_s']:.1f} s"
    elif part == WITHOUT_NETWORK:
        what = f"1080p median {result['1080p']['pinned_picture']['median_ms']:.3f} ms"
    elif part == REPLAY:
        what = (
            f"{result['masks_and_table_frames_per_s']:.0f} frames/s, "
            f"{result['marked_video_too_frames_per_s']:.0f} with marked video, by "
            f"{result['backend']}, decoded on the {'GPU' if result['decoded_on_gpu'] else 'CPU'}"
        )
    else:
        alone = result["network_alone"]
        what = f"median {alone['median_ms']:.3f} ms, p99 {alone['p99_ms']:.3f} ms"
    return f"{part:20} {what}"


def summary_of_bars(results: Mapping[str, Any]) -> str:
    """A line for each bar that something was held against."""
    lines = ""
    for name, bar in bars(results).items():
        if bar["reached"] is not None:
            verdict = "reached" if bar["reached"] else "MISSED"
            lines += f"{name}: {bar['value']:.1f}, at least {bar['at_least']:g}: {verdict}\n"
    return lines


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
