"""What settings do on validation frames: ``python -m models.evaluation.choose_setting MODEL``.

A setting is a threshold, a least area and a core margin (see ``models.regions``). For several
shares of polyp-free frames that may be marked, the table holds the setting that ``evaluate`` would
choose.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

if __name__ == "__main__":
    from models.interruptions import end_when_interrupted

    end_when_interrupted()

import numpy as np

from models.evaluation.application_score import OperatingPoint
from models.evaluation.command_line import exit_code_of, say
from models.evaluation.examples import POLYP_FREE, WITH_POLYP, Example, ExampleSet
from models.evaluation.open_model import ONNX_BACKENDS, open_model
from models.evaluation.operating_point import Choice, choose, measured_settings
from models.evaluation.predictions import Prediction, predict
from models.evaluation.report import markdown_table
from models.option_values import input_size
from models.training.lists import DataError

MOST_MARKED = (1.0, 0.15, 0.1, 0.07, 0.05, 0.03)
WITHOUT_CORE = OperatingPoint(0.5, 0.002, 0.0)
"""For comparison."""
SIZES = (0.0, 0.01, 0.02, 0.05, 1.0)
"""Ends of the classes of frames by the share of them that is polyp."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m models.evaluation.choose_setting", description=__doc__
    )
    parser.add_argument("model", type=Path, help="checkpoint, .onnx file or engine folder")
    parser.add_argument("--data", type=Path, required=True, help="folder with splits/ and the sets")
    parser.add_argument(
        "--with-polyp", action="append", metavar="SET", help=f"otherwise {', '.join(WITH_POLYP)}"
    )
    parser.add_argument(
        "--polyp-free", action="append", metavar="SET", help=f"otherwise {', '.join(POLYP_FREE)}"
    )
    parser.add_argument("--backend", choices=ONNX_BACKENDS, default="openvino")
    parser.add_argument(
        "--size", type=input_size, help="side of the input (default: the model's own)"
    )
    parser.add_argument("--debug", action="store_true", help="print a stack trace on failure")
    options = parser.parse_args(arguments)
    return exit_code_of(lambda: say(_tables(options)), debug=options.debug)


def _tables(options: argparse.Namespace) -> str:
    names = (options.with_polyp or WITH_POLYP, options.polyp_free or POLYP_FREE)
    parsed = [[ExampleSet.parse(name) for name in of_kind] for of_kind in names]
    for each in (*parsed[0], *parsed[1]):
        each.require(options.data)
    with open_model(options.model, options.backend, options.size) as backend:
        with_polyp, polyp_free = (
            [
                predict(backend, _examples(each, options.data, polyp=polyp), str(each))
                for each in of_kind
            ]
            for of_kind, polyp in zip(parsed, (True, False), strict=True)
        )
    settings = measured_settings(with_polyp, polyp_free)
    rows = {"no core": next(each for each in settings if each.point == WITHOUT_CORE)}
    rows |= {f"at most {most:.0%} marked": choose(settings, most) for most in MOST_MARKED}
    columns = ["", "threshold", "least area", "core margin", "Dice", "marked"]
    columns += [
        f"{kind} {each}"
        for kind, sets in zip(("Dice", "marked"), parsed, strict=True)
        for each in sets
    ]
    frames = [frame for one in with_polyp for frame in one]
    return "\n\n".join(
        (
            markdown_table(columns, [(name, *_figures(choice)) for name, choice in rows.items()]),
            "Dice by the share of the picture that is polyp, over all frames with one:",
            _by_size(frames, rows),
        )
    )


def _examples(of: ExampleSet, data_root: Path, *, polyp: bool) -> Iterator[Example]:
    """Of a set; raises DataError at the first frame that the other option is for."""
    for each in of.examples(data_root):
        if each.polyp.any() != polyp:
            shows, option, takes = (
                ("no polyp", "--with-polyp", "with one")
                if polyp
                else ("a polyp", "--polyp-free", "without one")
            )
            raise DataError(
                f"{each.name} of the set {of} shows {shows}; {option} takes frames {takes}."
            )
        yield each


def _figures(choice: Choice) -> list[str]:
    point = choice.point
    measured = (choice.dice, choice.marked_share, *choice.dices, *choice.marked_shares)
    setting = (f"{point.threshold:g}", f"{point.least_area:.2%}", f"{point.core_margin:g}")
    return [*setting, *(f"{figure:.3f}" for figure in measured)]


def _by_size(frames: Sequence[Prediction], rows: dict[str, Choice]) -> str:
    shares = np.array([frame.polyp.mean() for frame in frames])
    classes = {
        f"{least:.0%} to {most:.0%}": (shares > least) & (shares <= most)
        for least, most in pairwise(SIZES)
    }
    columns = [f"{name} ({np.count_nonzero(inside)})" for name, inside in classes.items()]
    body = []
    for name, choice in rows.items():
        dices = np.array([frame.scored(choice.point).overlap.dice for frame in frames])
        body.append(
            [name, *(f"{dices[c].mean():.3f}" if c.any() else "" for c in classes.values())]
        )
    return markdown_table(["", *columns], body)


if __name__ == "__main__":
    sys.exit(main())
