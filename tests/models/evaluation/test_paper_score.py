"""The paper scorer against cases worked out by hand and against pysodmetrics."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from py_sod_metrics import DICEHandler, FmeasureV2, IOUHandler

from models.evaluation.overlap import Overlap
from models.evaluation.paper_score import PaperScorer, scaled, table_one, threshold_means


def drawn_map(seed: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:40, :50]
    polyp = (rows - 18) ** 2 + (columns - 25) ** 2 < 90
    probability = np.clip(polyp * 150 + rng.integers(10, 90, polyp.shape), 0, 255)
    return probability.astype(np.uint8), polyp


def test_a_map_of_two_levels() -> None:
    """Levels 20 and 60 scale to 0 and 255: marked is all at threshold 0, the bright half above."""
    probability = np.array([[60, 60, 20, 20]], np.uint8)
    polyp = np.array([[True, False, False, False]])
    dice, iou = threshold_means(probability, polyp)
    assert dice == pytest.approx((2 / 5 + 255 * 2 / 3) / 256)
    assert iou == pytest.approx((1 / 4 + 255 * 1 / 2) / 256)


def test_scaling_stretches_to_the_extremes() -> None:
    assert scaled(np.array([[10, 60, 110]], np.uint8)).tolist() == [[0, 127, 255]]
    assert scaled(np.array([[7, 7]], np.uint8)).tolist() == [[7, 7]]


def test_a_right_empty_answer_scores_one_and_a_wrong_one_next_to_nothing() -> None:
    nothing = np.zeros((4, 4), np.bool_)
    assert threshold_means(np.zeros((4, 4), np.uint8), nothing) == (1.0, 1.0)
    faint_mark = np.zeros((4, 4), np.uint8)
    faint_mark[0, 0] = 1
    assert threshold_means(faint_mark, nothing) == (0.0, 0.0)


def test_a_full_mask_scores_one() -> None:
    full = np.full((4, 4), 255, np.uint8)
    assert threshold_means(full, np.ones((4, 4), np.bool_)) == (1.0, 1.0)


@pytest.mark.parametrize("seed", range(4))
def test_dice_and_iou_agree_with_pysodmetrics(seed: int) -> None:
    probability, polyp = drawn_map(seed)
    reference = FmeasureV2(
        metric_handlers={
            "dice": DICEHandler(with_dynamic=True, with_adaptive=False),
            "iou": IOUHandler(with_dynamic=True, with_adaptive=False),
        }
    )
    reference.step(pred=probability, gt=np.where(polyp, np.uint8(255), np.uint8(0)))
    results = reference.get_results()
    dice, iou = threshold_means(probability, polyp)
    assert dice == pytest.approx(results["dice"]["dynamic"].mean(), abs=1e-6)
    assert iou == pytest.approx(results["iou"]["dynamic"].mean(), abs=1e-6)


def test_a_perfect_list_scores_perfectly() -> None:
    scorer = PaperScorer()
    for seed in range(3):
        _, polyp = drawn_map(seed)
        scorer.add(np.where(polyp, np.uint8(255), np.uint8(0)), polyp)
    score = scorer.score()
    assert score.images == 3
    # At threshold 0 all is marked, so even a perfect map stays a little below 1.
    assert 0.99 < score.mean_dice.mean < 1
    assert score.weighted_f == pytest.approx(1, abs=1e-6)
    assert score.s_measure == pytest.approx(1, abs=1e-6)
    assert score.max_em == pytest.approx(1, abs=1e-3)
    assert score.mae == 0


def test_an_empty_list_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="no map was added"):
        PaperScorer().score()
    with pytest.raises(ValueError, match="no overlaps"):
        table_one([])


def test_table_one_is_the_mean_over_images() -> None:
    score = table_one([Overlap(4, 0, 0, 4), Overlap(0, 2, 2, 4)])
    assert score.images == 2
    assert score.mean_dice.mean == pytest.approx(0.5)
    assert score.accuracy.mean == pytest.approx((1 + 0.5) / 2)
