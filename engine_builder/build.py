"""ONNX to certified TensorRT engines: ``python engine_builder/build.py --fp16``."""

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

from rich.console import Console

from engine_builder.certificate import certificate_table, verify
from engine_builder.certified_build import BuildRequest, build_engines
from engine_builder.command_line import add_debug_option, run_command
from engine_builder.precision import FP16, FP32, INT8
from engine_builder.tensorrt_flavour import CURRENT
from models.backends.cuda.compile import TARGETS
from models.engine_folder import ENGINES_FOLDER, read_certificate
from models.option_values import input_size
from models.weights import DEFAULT_WEIGHTS


def main(arguments: Sequence[str]) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.precision == INT8) != (options.calibration is not None):
        parser.error("--int8 and --calibration DIR go together")
    return run_command(lambda: _run(options), debug=options.debug)


def _run(options: argparse.Namespace) -> None:
    console = Console(markup=False)  # paths may hold brackets
    if options.show is not None:
        console.print(certificate_table({options.show: read_certificate(options.show)}))
    elif options.verify is not None:
        verify(options.verify, options.onnx, options.reference, console)
    else:
        request = BuildRequest(
            precision=options.precision,
            onnx=options.onnx,
            checkpoint=options.weights,
            size=options.size,
            targets=tuple(dict.fromkeys(options.target)),
            output=options.output,
            reference=options.reference,
            calibration=options.calibration,
            force=options.force,
        )
        built = build_engines(request, console)
        if built:
            console.print(certificate_table(built))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="build.py",
        description="Builds certified TensorRT engines; TensorRT-RTX needs no GPU for it.",
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--fp16",
        dest="precision",
        action="store_const",
        const=FP16,
        default=FP16,
        help="half precision (default)",
    )
    action.add_argument(
        "--fp32", dest="precision", action="store_const", const=FP32, help="full precision"
    )
    action.add_argument(
        "--int8",
        dest="precision",
        action="store_const",
        const=INT8,
        help="8-bit integers in the convolutions; needs --calibration",
    )
    action.add_argument("--show", type=Path, metavar="FOLDER", help="print its certificate")
    action.add_argument(
        "--verify",
        type=Path,
        metavar="FOLDER",
        help="check every hash and, where its GPU is present, its figures",
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument(
        "--onnx", type=Path, default=DEFAULT_WEIGHTS, help="deployable model (the shipped one)"
    )
    source.add_argument(
        "--weights", type=Path, metavar="CHECKPOINT", help="checkpoint to export first; needs torch"
    )
    parser.add_argument(
        "--target",
        nargs="+",
        choices=(CURRENT, *TARGETS),
        default=[CURRENT],
        help="GPU architectures (the present GPU's; without one sm_75)",
    )
    parser.add_argument("--size", type=input_size, help="input side in pixels (the model's own)")
    parser.add_argument(
        "--output", type=Path, default=ENGINES_FOLDER, metavar="DIR", help="(build/engines)"
    )
    parser.add_argument(
        "--calibration", type=Path, metavar="DIR", help="images that --int8 chooses its ranges on"
    )
    parser.add_argument(
        "--reference", type=Path, metavar="DIR", help="more images to compare with FP32 on"
    )
    parser.add_argument("--force", action="store_true", help="build even if nothing changed")
    add_debug_option(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
