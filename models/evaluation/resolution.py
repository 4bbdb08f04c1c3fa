"""What the input size costs and saves: ``python -m models.evaluation.resolution``.

Measures Dice, marks on polyp-free frames and time at every size, for every runtime on processors,
and writes ``resolution.md`` with its drawing and its figures.
"""

from __future__ import annotations

import argparse
import json
import logging
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice
from pathlib import Path

if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

import numpy as np

from models.backends.base import Backend
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.openvino_backend import OpenVinoBackend
from models.backends.openvino_precision import offers_bf16
from models.backends.openvino_without_telemetry import openvino
from models.backends.processor import processor_name
from models.evaluation.application_score import OperatingPoint
from models.evaluation.command_line import exit_code_of
from models.evaluation.curve_drawing import Axis, curve_svg
from models.evaluation.examples import POLYP_FREE, ExampleSet
from models.evaluation.predictions import Prediction, predict
from models.evaluation.report import markdown_table
from models.source_version import source_version
from models.training.lists import DataError
from models.weights import DEFAULT_WEIGHTS, read_weights
from models.whole_file import write_whole

log = logging.getLogger(__name__)

SIZES = (160, 192, 224, 256, 288, 352, 416, 512)
WITH_POLYP = {"pranet_val:kvasir-seg": 1, "pranet_train:cvc-clinicdb": 4}
"""Every frame of the one, every fourth of the other, whose frames come from few videos. The weights
that ship saw neither."""
TIMED_FRAMES = 30
LARGEST_LOSS = 0.01
"""The knee is the smallest size whose Dice is at most this far below that of the model's own."""
FIGURES, PAGE, DRAWING = "resolution.json", "resolution.md", "resolution.svg"


@dataclass(frozen=True, slots=True)
class Measured:
    """One runtime at one size."""

    runtime: str
    size: int
    dice: float
    """Mean over the sets of frames with a polyp, each the mean over its frames."""
    marked_share: float
    """Of polyp-free frames, likewise."""
    time_ms: float
    """Of one inference, the median."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m models.evaluation.resolution", description=__doc__
    )
    parser.add_argument("--data", type=Path, required=True, help="folder with splits/ and the sets")
    parser.add_argument("--output", type=Path, required=True, help="folder, such as docs")
    parser.add_argument("--onnx", type=Path, default=DEFAULT_WEIGHTS, help="a deployable model")
    parser.add_argument("--int8", type=Path, help="the same model as quantise.py left it")
    parser.add_argument(
        "--times-alone",
        action="store_true",
        help=f"keep Dice and marks of an earlier {FIGURES}: for a quiet machine",
    )
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(given)
    command = shlex.join(["python", "-m", "models.evaluation.resolution", *given])
    return exit_code_of(lambda: _measure_and_write(options, command), debug=options.debug)


def _measure_and_write(options: argparse.Namespace, command: str) -> None:
    spec = read_weights(options.onnx).spec
    if options.int8 is not None and read_weights(options.int8).precision != "INT8":
        raise DataError(
            f"{options.int8} is not quantised; python engine_builder/quantise.py makes what --int8 "
            "takes."
        )
    point = OperatingPoint(spec.threshold, spec.least_area, spec.core_margin)
    earlier = _read(options.output / FIGURES) if options.times_alone else {}
    options.output.mkdir(parents=True, exist_ok=True)
    measured = []
    for runtime, make in _runtimes(options.onnx, options.int8).items():
        for size in sorted({*SIZES, spec.width}):
            with make(size) as backend:
                known = earlier.get((runtime, size)) or _scored(
                    runtime, size, backend, point, options.data
                )
                measured.append(replace(known, time_ms=_time_ms(backend)))
            log.info("%s", measured[-1])
    for name, text in (
        (FIGURES, json.dumps([asdict(each) for each in measured], indent=1) + "\n"),
        (DRAWING, _drawing(measured)),
        (PAGE, _page(measured, spec.width, command)),
    ):
        write_whole(options.output / name, text.encode())


def _runtimes(onnx: Path, int8: Path | None) -> dict[str, Callable[[int], Backend]]:
    makers: dict[str, Callable[[int], Backend]] = {
        "OpenVINO FP32": lambda size: OpenVinoBackend(onnx, input_size=size, precision="FP32")
    }
    if offers_bf16(openvino.Core()):
        makers["OpenVINO BF16"] = lambda size: OpenVinoBackend(
            onnx, input_size=size, precision="BF16"
        )
    if int8 is not None:
        makers["OpenVINO INT8"] = lambda size: OpenVinoBackend(int8, input_size=size)
        makers["ONNX Runtime INT8"] = lambda size: OnnxRuntimeBackend(int8, size)
    makers["ONNX Runtime FP32"] = lambda size: OnnxRuntimeBackend(onnx, size)
    return makers


def _scored(
    runtime: str, size: int, backend: Backend, point: OperatingPoint, data_root: Path
) -> Measured:
    """All but the time."""

    def over_sets(names: Mapping[str, int], value: Callable[[Prediction], float]) -> float:
        means = []
        for name, every in names.items():
            examples = ExampleSet.parse(name).examples(data_root)
            predictions = predict(backend, islice(examples, 0, None, every), f"{runtime} {size}")
            means.append(np.mean([value(each) for each in predictions]))
        return float(np.mean(means))

    dice = over_sets(WITH_POLYP, lambda each: each.scored(point).overlap.dice)
    marked = over_sets(
        dict.fromkeys(POLYP_FREE, 1), lambda each: float(each.scored(point).is_falsely_marked)
    )
    return Measured(runtime, size, dice, marked, time_ms=0.0)


def _time_ms(backend: Backend) -> float:
    spec = backend.spec
    frame = np.random.default_rng(0).integers(0, 256, (spec.height, spec.width, 3), np.uint8)
    durations_s = []
    for _ in range(TIMED_FRAMES):
        begun_s = time.perf_counter()
        backend.infer(frame)
        durations_s.append(time.perf_counter() - begun_s)
    return statistics.median(durations_s) * 1000


def _read(path: Path) -> Mapping[tuple[str, int], Measured]:
    """Raises DataError where ``path`` is damaged, and OSError where it cannot be read."""
    try:
        rows = [Measured(**row) for row in json.loads(path.read_text("utf-8"))]
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{path} holds no figures of an earlier run; leave --times-alone out."
        ) from error
    return {(row.runtime, row.size): row for row in rows}


def knee(measured: Sequence[Measured], own_size: int) -> Measured:
    """Of one runtime, the smallest size that loses no more than ``LARGEST_LOSS`` of Dice."""
    (own,) = (each for each in measured if each.size == own_size)
    good = [each for each in measured if each.dice >= own.dice - LARGEST_LOSS]
    return min(good, key=lambda each: each.size)


def _by_runtime(measured: Sequence[Measured]) -> dict[str, list[Measured]]:
    runtimes = dict.fromkeys(each.runtime for each in measured)
    return {name: [each for each in measured if each.runtime == name] for name in runtimes}


def _drawing(measured: Sequence[Measured]) -> str:
    lines = {
        name: ([each.time_ms for each in rows], [each.dice for each in rows])
        for name, rows in _by_runtime(measured).items()
    }
    longest_ms = max(each.time_ms for each in measured)
    dices = [each.dice for each in measured]
    return curve_svg(
        Axis("ms a frame", 0.0, longest_ms),
        Axis("mean Dice", min(dices) - 0.01, max(dices) + 0.01),
        lines,
    )


def _page(measured: Sequence[Measured], own_size: int, command: str) -> str:
    by_runtime = _by_runtime(measured)
    rows = [
        (
            f"{each.size}x{each.size}{' (knee)' if each == knee(of_runtime, own_size) else ''}",
            each.runtime,
            f"{each.dice:.3f}",
            f"{each.marked_share:.1%}",
            f"{each.time_ms:.1f}",
        )
        for of_runtime in by_runtime.values()
        for each in of_runtime
    ]
    sets = [
        name if every == 1 else f"{name} (one frame in {every})"
        for name, every in (WITH_POLYP | dict.fromkeys(POLYP_FREE, 1)).items()
    ]
    paragraphs = (
        "# Input size",
        f"`--input-size` brings the network, trained at {own_size}x{own_size}, to another size. "
        "Dice and marks are of validation frames, at the model's own setting: means over the sets "
        f"{', '.join(sets)}. Where a size marks less, a lower threshold buys "
        f"back part of the Dice that it loses. Times are medians of {TIMED_FRAMES} inferences on "
        f"{processor_name()}, without decoding and drawing. The knee is the smallest size that "
        f"costs at most {LARGEST_LOSS:.0%} of Dice.",
        markdown_table(("size", "runtime", "Dice", "polyp-free marked", "ms"), rows),
        f"![Dice over time; each line from {SIZES[0]} to {SIZES[-1]} pixels]({DRAWING})",
        f"Made by: `{command}`, commit {source_version() or 'unknown'}.",
    )
    return "\n\n".join(paragraphs) + "\n"


if __name__ == "__main__":
    sys.exit(main())
