"""Writes what was measured: a Markdown report, a table of every frame, and the figures as JSON."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from models.backends.base import BackendInfo
from models.evaluation.application_score import ApplicationScore, FrameScore, OperatingPoint
from models.evaluation.bootstrap import Interval
from models.evaluation.curve_drawing import Axis, curve_svg
from models.evaluation.gallery import worst_first
from models.evaluation.operating_point import Choice
from models.evaluation.paper_score import PaperScore, TableOneScore
from models.evaluation.threshold_curve import ThresholdCurve
from models.whole_file import write_whole

WORST = 8
"""How many of a set's worst frames are named and shown."""
DICE_DRAWING = "dice_over_threshold.svg"
TRADEOFF_DRAWING = "precision_over_recall.svg"
FRAME_COLUMNS = (
    "set",
    "frame",
    "dice",
    "iou",
    "marked_share",
    "polyps",
    "polyps_found",
    "false_regions",
)


@dataclass(frozen=True, slots=True)
class SetScore:
    """All that was measured on one set; curve and paper's scores are of its frames with polyps."""

    application: ApplicationScore
    frames: Sequence[FrameScore]
    worst: NDArray[np.uint8] | None
    """A sheet of the worst frames, (H, W, 3) uint8 RGB; None where all are perfect."""
    curve: ThresholdCurve | None
    paper: PaperScore | None
    table_one: TableOneScore | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    model: str
    sha256: str
    command: str
    commit: str | None
    """Of the source that measured; None where it is no checkout."""
    info: BackendInfo
    point: OperatingPoint
    choice: Choice | None
    """How the setting was chosen; None where it was given."""
    chosen_on: Sequence[str]
    """On which sets it was."""
    sets: Mapping[str, SetScore]
    steered: frozenset[str]
    """Those of ``sets`` that hold frames on which the setting was chosen."""


def write_report(evaluation: Evaluation, folder: Path) -> None:
    """Writes ``report.md`` with its drawings, ``frames.csv`` and ``scores.json`` to ``folder``.

    The sheets of worst frames, ``worst-<number>.jpg``, show real frames: not for the repository.
    Those of an earlier report in ``folder``, which must be there, are removed.

    Raises:
        OSError: the folder cannot be written.
    """
    for earlier in folder.glob("worst-*.jpg"):
        earlier.unlink()
    for number, score in enumerate(evaluation.sets.values()):
        if score.worst is not None:
            _, sheet = cv2.imencode(".jpg", cv2.cvtColor(score.worst, cv2.COLOR_RGB2BGR))
            write_whole(_worst_path(folder, number), sheet.tobytes())
    curves = {name: score.curve for name, score in evaluation.sets.items() if score.curve}
    dice = {name: (curve.thresholds, curve.dice) for name, curve in curves.items()}
    tradeoff = {name: (curve.recall, curve.precision) for name, curve in curves.items()}
    for file, text in (
        (DICE_DRAWING, curve_svg(Axis("threshold"), Axis("mean Dice"), dice)),
        (TRADEOFF_DRAWING, curve_svg(Axis("recall"), Axis("precision"), tradeoff)),
        ("frames.csv", _frame_table(evaluation.sets)),
        ("scores.json", _scores(evaluation)),
        ("report.md", _markdown(evaluation)),
    ):
        write_whole(folder / file, text.encode())


def _scores(evaluation: Evaluation) -> str:
    scores = {
        "model": evaluation.model,
        "sha256": evaluation.sha256,
        "command": evaluation.command,
        "commit": evaluation.commit,
        "runtime": asdict(evaluation.info),
        "operating_point": asdict(evaluation.point),
        "chosen": evaluation.choice and asdict(evaluation.choice),
        "chosen_on": list(evaluation.chosen_on),
        "sets": {
            name: {
                "application": asdict(score.application),
                "paper": score.paper and asdict(score.paper),
                "table_1": score.table_one and asdict(score.table_one),
            }
            for name, score in evaluation.sets.items()
        },
    }
    return json.dumps(scores, indent=1)


def _frame_table(sets: Mapping[str, SetScore]) -> str:
    stream = StringIO()
    table = csv.writer(stream)
    table.writerow(FRAME_COLUMNS)
    for name, score in sets.items():
        table.writerows(_frame_row(name, frame) for frame in score.frames)
    return stream.getvalue()


def _frame_row(set_name: str, frame: FrameScore) -> list[object]:
    return [
        set_name,
        frame.name,
        round(frame.overlap.dice, 4),
        round(frame.overlap.iou, 4),
        round(frame.marked_share, 5),
        frame.polyps,
        frame.polyps_found,
        frame.false_regions,
    ]


def _markdown(evaluation: Evaluation) -> str:
    info, point = evaluation.info, evaluation.point
    paragraphs = (
        f"# Evaluation of {Path(evaluation.model).name}",
        f"SHA-256 `{evaluation.sha256}`, run by {info.backend} {info.version} in {info.precision} "
        f"on {info.device}.",
        f"Made by: `{evaluation.command}`, commit {evaluation.commit or 'unknown'}.",
        "Means are over frames. In brackets the 95 % interval: of polyps found and of specificity, "
        "which are shares, the score interval (Wilson), where the polyps of a frame count as a "
        "cluster; of everything else by bootstrap over frames. Frames count as independent.",
        "## As the application shows it",
        f"Threshold {point.threshold}; regions with a core of {point.least_area:.2%} of the "
        f"picture, {point.core_margin} logits above the threshold; {_origin(evaluation)}. "
        "A polyp-free frame is marked when more than 0.2 % of it is; a polyp is found when half of "
        "it is marked; a false region touches no polyp.",
        _application_table(evaluation),
        f"![Dice over threshold]({DICE_DRAWING}) ![Precision over recall]({TRADEOFF_DRAWING})",
        *_as_the_papers_measure(evaluation.sets),
        "## Where it fails most",
        _worst(evaluation.sets),
    )
    return "\n\n".join(paragraphs) + "\n"


def _as_the_papers_measure(sets: Mapping[str, SetScore]) -> Sequence[str]:
    """A section's paragraphs; none where no set was scored so."""
    if all(score.paper is None for score in sets.values()):
        return ()
    return (
        "## As the papers measure",
        "Maps scaled by their own extremes, means over 256 thresholds. Not comparable with the "
        "figures above.",
        _paper_table(sets),
        "At threshold 0.5, without scaling (Table 1):",
        _table_one_table(sets),
    )


def _origin(evaluation: Evaluation) -> str:
    choice = evaluation.choice
    if choice is None:
        return "as given"
    starred = ", so sets with a * flatter it" if evaluation.steered else ""
    return (
        f"chosen on {'; '.join(evaluation.chosen_on)} (Dice {choice.dice:.3f}, "
        f"{choice.marked_share:.1%} of the polyp-free ones marked, means over the sets){starred}"
    )


def markdown_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Without an empty line after it; cells are written as ``str`` has them."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def _shown(interval: Interval | None) -> str:
    return "" if interval is None else str(interval)


def _application_table(evaluation: Evaluation) -> str:
    columns = (
        "set",
        "with polyp",
        "Dice",
        "IoU",
        "polyps found",
        "without",
        "specificity",
        "false regions a frame",
    )
    scores = {
        f"{name} *" if name in evaluation.steered else name: score.application
        for name, score in evaluation.sets.items()
    }
    return markdown_table(
        columns,
        [
            (
                name,
                score.frames_with_polyp,
                _shown(score.dice),
                _shown(score.iou),
                _shown(score.polyp_sensitivity),
                score.polyp_free_frames,
                _shown(score.specificity),
                _shown(score.false_regions_per_frame),
            )
            for name, score in scores.items()
        ],
    )


def _paper_table(sets: Mapping[str, SetScore]) -> str:
    rows = [
        (
            name,
            score.paper.images,
            score.paper.mean_dice,
            score.paper.mean_iou,
            score.paper.weighted_f,
            score.paper.s_measure,
            score.paper.mae,
            score.paper.max_em,
        )
        for name, score in sets.items()
        if score.paper is not None
    ]
    return markdown_table(("set", "n", "mDice", "mIoU", "wFm", "Sm", "MAE", "maxEm"), rows)


def _table_one_table(sets: Mapping[str, SetScore]) -> str:
    columns = ("set", "n", "mIoU", "mDice", "F2", "precision", "recall", "accuracy")
    rows = [
        (
            name,
            one.images,
            one.mean_iou,
            one.mean_dice,
            one.f2,
            one.precision,
            one.recall,
            one.accuracy,
        )
        for name, one in ((name, score.table_one) for name, score in sets.items())
        if one is not None
    ]
    return markdown_table(columns, rows)


def _worst(sets: Mapping[str, SetScore]) -> str:
    rows = [
        (name, frame.name, f"{frame.overlap.dice:.3f}", f"{frame.marked_share:.2%}")
        for name, score in sets.items()
        for frame in worst_first(score.frames)[:WORST]
    ]
    sheets = [
        f"![{name}]({_worst_path(Path(), number)})"
        for number, (name, score) in enumerate(sets.items())
        if score.worst is not None
    ]
    if not rows:
        return "Nowhere: on every frame exactly the polyp is marked."
    return "\n\n".join([markdown_table(("set", "frame", "Dice", "marked"), rows), *sheets])


def _worst_path(folder: Path, number: int) -> Path:
    return folder / f"worst-{number}.jpg"
