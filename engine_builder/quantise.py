"""A deployable model in INT8, for processors: ``python engine_builder/quantise.py -o FILE``.

OpenVINO and ONNX Runtime run the file like any other: ``run_app.py --weights FILE``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parents[1])
if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

import onnx
from rich.console import Console

from engine_builder.agreement import CAST_GRAPH_ON_CPU, compare, on_cpu, require_agreement
from engine_builder.command_line import add_debug_option, run_command
from engine_builder.images import image_files, read_frame, reference_files
from engine_builder.precision import INT8, folded, read_fp32, to_int8_for_cpu
from engine_builder.progress import BuildProgress
from models.engine_folder import Agreement
from models.weights import DEFAULT_WEIGHTS, Weights, sealed
from models.whole_file import require_place, write_whole


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="quantise.py", description="A deployable model in INT8, for processors."
    )
    parser.add_argument(
        "--onnx", type=Path, default=DEFAULT_WEIGHTS, help="deployable model (the shipped one)"
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="DIR",
        help="images such as the model will see (default: the reference images that ship)",
    )
    parser.add_argument("-o", "--output", type=Path, required=True, help="the ONNX file to write")
    add_debug_option(parser)
    options = parser.parse_args(arguments)
    return run_command(lambda: _quantise_file(options), debug=options.debug)


def _quantise_file(options: argparse.Namespace) -> None:
    require_place(options.output, options.onnx)
    weights = read_fp32(options.onnx)
    console = Console(markup=False)  # paths may hold brackets
    with BuildProgress(console) as progress:
        content, agreement = quantise(weights, _calibration_files(options.calibration), progress)
    write_whole(options.output, content)
    console.print(
        f"{options.output}: {len(content) / 1e6:.1f} MB; mean Dice against FP32 "
        f"{agreement.mean_dice:.4f} on {agreement.images} reference images",
        soft_wrap=True,
    )


def quantise(
    weights: Weights, calibration: Sequence[Path], progress: BuildProgress
) -> tuple[bytes, Agreement]:
    """The deployable INT8 file of ``weights``, and how it compares with FP32 on reference images.

    Raises:
        EngineBuilderError: an image is damaged, or the masks are not those of FP32.
    """
    spec = weights.spec
    with progress.stage(f"Calibrate on {len(calibration)} images"):
        model = to_int8_for_cpu(
            folded(onnx.load_model_from_string(weights.content)),
            (read_frame(path, spec) for path in calibration),
        )
    onnx.helper.set_model_props(model, spec.to_metadata())
    reference = reference_files(None)
    with progress.stage("Compare with FP32", len(reference)) as stage:
        agreement = compare(
            on_cpu(model.SerializeToString(), spec),
            on_cpu(weights.content, spec),
            reference,
            spec,
            measured_on=CAST_GRAPH_ON_CPU,
            on_image=stage.advance,
        )
    require_agreement(agreement, INT8)
    return sealed(model), agreement


def _calibration_files(folder: Path | None) -> list[Path]:
    return reference_files(None) if folder is None else image_files(folder)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
