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
    assert score.weighted_f.mean == pytest.approx(1, abs=1e-6)
    assert score.s_measure.mean == pytest.approx(1, abs=1e-6)
    assert score.max_em.mean == pytest.approx(1, abs=1e-3)
    assert score.mae.mean == 0


def test_the_error_is_that_of_the_scaled_map() -> None:
    """Levels 20, 60 and 100 scale to 0, 0.5 and 1; of four pixels the middle two are wrong."""
    scorer = PaperScorer()
    polyp = np.array([[True, True], [False, False]])
    scorer.add(np.array([[100, 60], [60, 20]], np.uint8), polyp)
    assert scorer.score().mae.mean == pytest.approx((0 + 0.5 + 0.5 + 0) / 4)


def test_the_best_threshold_is_the_lists_not_each_images() -> None:
    """One map of two is right above 100 alone, the other one up to 100: no threshold suits both."""
    polyp = np.zeros((20, 20), np.bool_)
    polyp[5:15, 5:15] = True
    maps = [np.full((20, 20), level, np.uint8) for level in (100, 0)]
    maps[0][polyp] = 255
    maps[0][0, 0] = 0
    maps[1][polyp] = 100
    maps[1][5, 5] = 255
    scores = []
    for chosen in (maps[:1], maps[1:], maps):
        scorer = PaperScorer()
        for probability in chosen:
            scorer.add(probability, polyp)
        scores.append(scorer.score().max_em.mean)
    assert scores[0] > 0.99 and scores[1] > 0.99
    assert scores[2] < 0.8


def test_every_measure_has_an_interval_round_its_mean() -> None:
    scorer = PaperScorer()
    for seed in range(8):
        probability, polyp = drawn_map(seed)
        scorer.add(np.roll(probability, seed, axis=1), polyp)
    score = scorer.score()
    for name in ("mean_dice", "mean_iou", "weighted_f", "s_measure", "max_em", "mae"):
        interval = getattr(score, name)
        assert interval.low < interval.mean < interval.high


def test_every_measure_of_a_right_empty_answer_is_right() -> None:
    scorer = PaperScorer()
    scorer.add(np.zeros((30, 40), np.uint8), np.zeros((30, 40), np.bool_))
    score = scorer.score()
    assert score.mean_dice.mean == score.mean_iou.mean == score.weighted_f.mean == 1.0
    assert score.s_measure.mean == 1.0
    assert score.max_em.mean == pytest.approx(1, abs=1e-3)
    assert score.mae.mean == 0.0


def test_a_mark_on_an_empty_frame_has_no_weighted_f() -> None:
    scorer = PaperScorer()
    mark = np.zeros((30, 40), np.uint8)
    mark[:5] = 200
    scorer.add(mark, np.zeros((30, 40), np.bool_))
    score = scorer.score()
    assert score.weighted_f.mean == 0.0
    assert score.s_measure.mean == pytest.approx(1 - 5 / 30)
    assert score.mae.mean == pytest.approx(5 / 30)


def test_every_measure_of_a_full_mask_is_right_where_all_is_marked() -> None:
    scorer = PaperScorer()
    scorer.add(np.full((30, 40), 255, np.uint8), np.ones((30, 40), np.bool_))
    score = scorer.score()
    assert score.mean_dice.mean == score.mean_iou.mean == score.s_measure.mean == 1.0
    assert score.weighted_f.mean == pytest.approx(1, abs=1e-6)
    assert score.max_em.mean == pytest.approx(1, abs=1e-3)
    assert score.mae.mean == 0.0


def test_an_empty_list_cannot_be_scored() -> None:
    with pytest.raises(ValueError, match="no images"):
        PaperScorer().score()
    with pytest.raises(ValueError, match="no images"):
        table_one([])


def test_table_one_is_the_mean_over_images() -> None:
    """A half-right image of 16 pixels (4 of 6 marked, 4 of 8 found) and a perfect one."""
    score = table_one([Overlap(4, 2, 4, 6), Overlap(4, 0, 0, 4)])
    assert score.images == 2
    expected = {
        "mean_iou": 4 / 10,
        "mean_dice": 8 / 14,
        "f2": 20 / (20 + 16 + 2),
        "precision": 4 / 6,
        "recall": 4 / 8,
        "accuracy": 10 / 16,
    }
    for name, of_the_first in expected.items():
        assert getattr(score, name).mean == pytest.approx((of_the_first + 1) / 2)
