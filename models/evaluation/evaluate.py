"""Scores a model on lists of frames: ``python -m models.evaluation.evaluate MODEL``.

The model is a checkpoint, a deployable ONNX file or an engine folder. Threshold, least area and
core margin are chosen on validation frames unless ``--setting`` gives them.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

from models.backends.base import Backend
from models.engine_folder import CERTIFICATE_FILE
from models.evaluation.application_score import OperatingPoint, application_score
from models.evaluation.command_line import exit_code_of
from models.evaluation.examples import POLYP_FREE, WITH_POLYP, ExampleSet
from models.evaluation.gallery import contact_sheet, worst_first
from models.evaluation.open_model import ONNX_BACKENDS, open_model
from models.evaluation.operating_point import Choice, choose, measured_settings
from models.evaluation.overlap import Overlap
from models.evaluation.paper_score import PaperScorer, table_one
from models.evaluation.predictions import Prediction, predict
from models.evaluation.report import WORST, Evaluation, SetScore, write_report
from models.evaluation.threshold_curve import threshold_curve
from models.geometry import mask_on_source, probability_on_source
from models.option_values import input_size, number_within
from models.source_version import source_version
from models.spec import LARGEST_CORE_MARGIN
from models.training.lists import DataError

log = logging.getLogger(__name__)

REPORTED = (
    "test_kvasir",
    "test_clinicdb",
    "colondb_unique",
    "test_cvc300",
    "polypgen_negative:polypgen:measured",
    "pranet_val:kvasir-seg:crop",
    "colondb_unique:cvc-colondb:crop",
)
TABLE_ONE_THRESHOLD = 0.5


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    given = sys.argv[1:] if arguments is None else arguments
    options = parser.parse_args(given)
    if options.setting is not None:
        threshold, least_area, core_margin = options.setting
        shares = 0 <= threshold <= 1 and 0 <= least_area <= 1
        if not (shares and 0 <= core_margin <= LARGEST_CORE_MARGIN):
            parser.error(
                "--setting takes two numbers from 0 to 1, then one from 0 to "
                f"{LARGEST_CORE_MARGIN:.0f}"
            )
    command = shlex.join(["python", "-m", "models.evaluation.evaluate", *given])
    return exit_code_of(lambda: _evaluate(options, command), debug=options.debug)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m models.evaluation.evaluate", description=__doc__
    )
    parser.add_argument("model", type=Path, help="checkpoint, .onnx file or engine folder")
    parser.add_argument("--data", type=Path, required=True, help="folder with splits/ and the sets")
    parser.add_argument("--output", type=Path, required=True, help="folder for the report")
    parser.add_argument(
        "--set",
        dest="sets",
        action="append",
        metavar="LIST[:FOLDER[:KIND]]",
        help=f"a set to score, repeatable; otherwise {', '.join(REPORTED)}",
    )
    parser.add_argument("--backend", choices=ONNX_BACKENDS, default="onnxruntime")
    parser.add_argument(
        "--size", type=input_size, help="side of the input (default: the model's own)"
    )
    parser.add_argument(
        "--setting",
        type=float,
        nargs=3,
        metavar=("THRESHOLD", "LEAST_AREA", "CORE_MARGIN"),
        help="the first two from 0 to 1, the third in logits; otherwise chosen on validation "
        "frames",
    )
    parser.add_argument(
        "--most-marked",
        type=number_within(0, 1),
        default=0.05,
        help="share of polyp-free validation frames that the chosen setting may mark",
    )
    parser.add_argument("--without-paper", action="store_true", help="the application scorer alone")
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")
    return parser


def _evaluate(options: argparse.Namespace, command: str) -> None:
    sets = [ExampleSet.parse(text) for text in options.sets or REPORTED]
    for each in sets:
        if sets.count(each) > 1:
            raise DataError(f"The set {each} is named more than once; name it once.")
    chosen_on = [] if options.setting else [ExampleSet.parse(t) for t in WITH_POLYP + POLYP_FREE]
    with open_model(options.model, options.backend, options.size) as backend:
        # Scoring takes long: what would end it is said before.
        for each in (*sets, *chosen_on):
            each.require(options.data)
        options.output.mkdir(parents=True, exist_ok=True)
        choice = None if options.setting else _chosen(backend, options)
        point = choice.point if choice else OperatingPoint(*options.setting)
        scores = {
            str(each): _scored(
                predict(backend, each.examples(options.data), str(each)),
                point,
                with_paper=not options.without_paper,
            )
            for each in sets
        }
        info = backend.info
    evaluation = Evaluation(
        str(options.model),
        _sha256(options.model),
        command,
        source_version(),
        info,
        point,
        choice,
        [str(each) for each in chosen_on],
        scores,
        frozenset(
            str(each) for each in sets if any(each.shares_frames(other) for other in chosen_on)
        ),
    )
    write_report(evaluation, options.output)
    log.info("%s", options.output / "report.md")


def _chosen(backend: Backend, options: argparse.Namespace) -> Choice:
    with_polyp, polyp_free = (
        [
            predict(backend, ExampleSet.parse(name).examples(options.data), name)
            for name in validation_sets
        ]
        for validation_sets in (WITH_POLYP, POLYP_FREE)
    )
    return choose(measured_settings(with_polyp, polyp_free), options.most_marked)


def _scored(
    predictions: Sequence[Prediction], point: OperatingPoint, *, with_paper: bool
) -> SetScore:
    frames = [each.scored(point) for each in predictions]
    application = application_score(frames)
    worst = [frame.name for frame in worst_first(frames)[:WORST]]
    sheet = contact_sheet(predictions, worst, point) if worst else None
    with_polyp = [each for each in predictions if each.polyp.any()]
    curve = threshold_curve(with_polyp) if with_polyp else None
    if not with_paper or not with_polyp:
        return SetScore(application, frames, sheet, curve, None, None)
    paper = PaperScorer()
    overlaps = []
    for each in with_polyp:
        probability, geometry = each.segmentation.probability, each.segmentation.geometry
        paper.add(probability_on_source(probability, geometry), each.polyp)
        marked = mask_on_source(probability, geometry, TABLE_ONE_THRESHOLD)
        overlaps.append(Overlap.of(marked, each.polyp))
    return SetScore(application, frames, sheet, curve, paper.score(), table_one(overlaps))


def _sha256(model: Path) -> str:
    """Of the file; of an engine folder, its certificate's, which holds those of all files."""
    file = model / CERTIFICATE_FILE if model.is_dir() else model
    return hashlib.sha256(file.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main())
