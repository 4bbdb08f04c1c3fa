"""Everything that needs an NVIDIA GPU, in one go: ``make gpu-check``.

Writes ``docs/benchmarks/gpu-<device>.json``: whether TensorRT runs, what the GPU tests say, and how
fast the application's path is beside its peers and beside the floor. Exit code 0 where all of it
went well, 1 otherwise; what one part refuses does not stop the others.
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
TIME_LIMIT_S = 470.0
"""For everything together; what comes too late is refused."""
BUILD_LIMIT_S = 150.0
TESTS_LIMIT_S = 200.0
PART_LIMIT_S = 120.0
SPEED_PARTS = ("our_path", "torch_eager", "torch_compiled", "onnxruntime_cuda")
PACKAGES = (
    "tensorrt",
    "tensorrt-rtx-cu13",
    "pycuda",
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
    for name in SPEED_PARTS:
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
        for name in SPEED_PARTS
        if "refused" not in results[name]
    }
    ours = medians.pop("our_path", None)
    if ours is None:
        return {}
    compared = {f"{name}_over_ours": median / ours for name, median in medians.items()}
    if floor_ms is not None:
        compared["ours_over_floor"] = ours / floor_ms
    return compared


def all_went_well(results: Mapping[str, Any]) -> bool:
    refused = any("refused" in result for result in results.values())
    return not refused and not results["tests"]["failed"]


def summary(results: Mapping[str, Any]) -> str:
    """One line a part."""
    lines = []
    for name, result in results.items():
        if "refused" in result:
            what = f"refused: {result['refused']}"
        elif name == "tests":
            what = f"{result['passed']} passed, {len(result['failed'])} failed"
        elif name == "tensorrt_inference":
            what = f"{result['runtime']['version']}, second start {result['second_start_s']:.1f} s"
        else:
            alone = result["network_alone"]
            what = f"median {alone['median_ms']:.3f} ms, p99 {alone['p99_ms']:.3f} ms"
        lines.append(f"{name:20} {what}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
