"""Everything that needs an NVIDIA GPU, in one go: ``make gpu-check``.

Writes ``docs/benchmarks/gpu-<device>.json``: whether TensorRT runs, what the GPU tests say, how
fast the application's path is beside its peers and beside the floor, and how fast a replay is from
file to files. Exit code 0 where all of it went well and every bar was reached, 1 otherwise; what
one part refuses does not stop the others.
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

from tests.gpu.device import DeviceFacts, NoGpuError, device_facts
from tests.gpu.floor import floor_of
from tests.gpu.run_part import run_part
from tests.gpu.run_tests import run_tests
from tests.locations import ROOT

BENCHMARKS = ROOT / "docs" / "benchmarks"
TIME_LIMIT_S = 570.0
"""For everything together; what comes too late is refused."""
BUILD_LIMIT_S = 150.0
TESTS_LIMIT_S = 200.0
PART_LIMIT_S = 120.0
OURS = "our_path"
PEERS = ("torch_eager", "torch_compiled", "onnxruntime_cuda")
REPLAY = "replay_1080p"
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
    "onnxruntime-gpu",
    "torch",
    "numpy",
)


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        device = device_facts()
    except NoGpuError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    results = _run(device, options.iterations)
    path = write_report(options.output, device, results)
    sys.stdout.write(f"{summary(results)}\n{path}\n")
    return 0 if all_went_well(results) else 1


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
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number <= 0:
        raise argparse.ArgumentTypeError(f"{number} is not positive")
    return number


def _run(device: DeviceFacts, iterations: int) -> dict[str, Any]:
    """Each part by name; later parts get the time that earlier ones left."""
    deadline_s = time.monotonic() + TIME_LIMIT_S

    def allowed_s(limit_s: float) -> float:
        return max(1.0, min(limit_s, deadline_s - time.monotonic()))

    results = {
        "tensorrt_inference": run_part(
            "tensorrt_inference", device.target, iterations, allowed_s(BUILD_LIMIT_S)
        ),
        "tests": run_tests(allowed_s(TESTS_LIMIT_S)),
    }
    for name in (OURS, *PEERS, REPLAY):
        results[name] = run_part(name, device.target, iterations, allowed_s(PART_LIMIT_S))
    return results


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
    path.write_text(json.dumps(report, indent=2) + "\n")
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
        if "refused" not in results[name]
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
    measured = {**ratios(results, None), **results[REPLAY]}
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
    tests = results["tests"]
    return bool(tests["passed"]) and not tests["failed"]


def summary(results: Mapping[str, Any]) -> str:
    """One line a part, and one a bar."""
    lines = []
    for name, result in results.items():
        if "refused" in result:
            what = f"refused: {result['refused']}"
        elif name == "tests":
            what = f"{result['passed']} passed, {len(result['failed'])} failed"
        elif name == "tensorrt_inference":
            what = f"{result['runtime']['version']}, second start {result['second_start_s']:.1f} s"
        elif name == REPLAY:
            what = (
                f"{result['masks_and_table_frames_per_s']:.0f} frames/s, "
                f"{result['marked_video_too_frames_per_s']:.0f} with marked video, "
                f"decoded on the {'GPU' if result['decoded_on_gpu'] else 'CPU'}"
            )
        else:
            alone = result["network_alone"]
            what = f"median {alone['median_ms']:.3f} ms, p99 {alone['p99_ms']:.3f} ms"
        lines.append(f"{name:20} {what}")
    for name, bar in bars(results).items():
        if bar["reached"] is not None:
            verdict = "reached" if bar["reached"] else "MISSED"
            lines.append(f"{name}: {bar['value']:.1f}, at least {bar['at_least']:g}: {verdict}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
