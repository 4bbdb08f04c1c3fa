"""The application scorer on maps whose answers can be counted by eye."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.evaluation.application_score import (
    MARKED_SHARE,
    FrameScore,
    OperatingPoint,
    application_score,
    score_frame,
)
from models.evaluation.operating_point import Choice, choose, measured_settings
from models.evaluation.predictions import Prediction
from models.geometry import Area, Geometry
from models.segmentation import Segmentation, Timings

SIDE = 100


def answer(*boxes: tuple[int, int, int, int, int]) -> Segmentation:
    """A probability of ``level`` in each box (top, left, height, width, level), on its own size."""
    probability = np.zeros((SIDE, SIDE), np.uint8)
    for top, left, height, width, level in boxes:
        probability[top : top + height, left : left + width] = level
    geometry = Geometry(SIDE, SIDE, Area(0, 0, SIDE, SIDE), SIDE, SIDE)
    return Segmentation(probability, 0, geometry, Timings(0, 0))


def polyps(*boxes: tuple[int, int, int, int]) -> NDArray[np.bool_]:
    mask = np.zeros((SIDE, SIDE), np.bool_)
    for top, left, height, width in boxes:
        mask[top : top + height, left : left + width] = True
    return mask


def prediction(name: str, segmentation: Segmentation, mask: NDArray[np.bool_]) -> Prediction:
    return Prediction(name, np.zeros((SIDE, SIDE, 3), np.uint8), segmentation, mask)


def score(
    segmentation: Segmentation, mask: NDArray[np.bool_], least_area: float = 0.0
) -> FrameScore:
    return score_frame("frame", segmentation, mask, OperatingPoint(0.5, least_area))


def test_one_found_one_missed_and_a_false_region() -> None:
    """10x10 polyp half marked; another marked in one corner; a region on nothing."""
    found = score(
        answer((10, 10, 10, 5, 200), (60, 60, 3, 3, 200), (80, 5, 4, 4, 200)),
        polyps((10, 10, 10, 10), (60, 60, 10, 10)),
    )
    assert (found.polyps, found.polyps_found, found.false_regions) == (2, 1, 1)
    assert found.overlap.dice == pytest.approx(2 * 59 / (75 + 200))
    assert found.marked_share == pytest.approx(75 / 10_000)
    assert not found.is_falsely_marked


def test_the_threshold_is_reached_not_scaled() -> None:
    faint = answer((10, 10, 10, 10, 127))
    assert score(faint, polyps((10, 10, 10, 10))).overlap.dice == 0.0
    assert score(answer((10, 10, 10, 10, 128)), polyps((10, 10, 10, 10))).overlap.dice == 1.0


def test_an_unmarked_polyp_free_frame_is_right() -> None:
    empty = score(answer(), polyps())
    assert empty.is_polyp_free
    assert empty.overlap.dice == 1.0
    assert not empty.is_falsely_marked


def test_a_polyp_free_frame_is_marked_above_a_fifth_of_a_percent() -> None:
    """20 of 10,000 pixels are 0.2 %: one more is a mark."""
    assert not score(answer((10, 10, 4, 5, 255)), polyps()).is_falsely_marked
    assert score(answer((10, 10, 3, 7, 255)), polyps()).is_falsely_marked


def test_a_region_below_the_least_area_is_dropped() -> None:
    segmentation = answer((10, 10, 5, 5, 255))
    assert score(segmentation, polyps(), least_area=0.0025).is_falsely_marked
    assert not score(segmentation, polyps(), least_area=0.0026).is_falsely_marked


def test_frames_with_and_without_a_polyp_are_kept_apart() -> None:
    right = score(answer((10, 10, 10, 10, 255)), polyps((10, 10, 10, 10)))
    missed = score(answer(), polyps((10, 10, 10, 10), (40, 40, 9, 9)))
    quiet = score(answer(), polyps())
    noisy = score(answer((0, 0, 30, 30, 255)), polyps())
    total = application_score([right, missed, quiet, quiet, noisy, quiet])
    assert (total.frames_with_polyp, total.polyp_free_frames) == (2, 4)
    assert total.dice is not None and total.dice.mean == pytest.approx(0.5)
    assert total.specificity is not None and total.specificity.mean == pytest.approx(0.75)
    assert total.polyp_sensitivity is not None
    assert total.polyp_sensitivity.mean == pytest.approx(1 / 3)
    assert total.false_regions_per_frame.mean == pytest.approx(1 / 6)


def test_twenty_right_frames_do_not_make_certain() -> None:
    right = score(answer((10, 10, 10, 10, 255)), polyps((10, 10, 10, 10)))
    total = application_score([right, score(answer(), polyps())] * 20)
    for share in (total.specificity, total.polyp_sensitivity):
        assert share is not None
        assert (share.mean, share.high) == (1.0, 1.0)
        assert share.low == pytest.approx(0.839, abs=5e-4)


def test_a_list_without_polyps_has_no_dice() -> None:
    total = application_score([score(answer(), polyps())])
    assert total.dice is None
    assert total.polyp_sensitivity is None


def test_the_chosen_setting_keeps_empty_frames_quiet_at_the_most_dice() -> None:
    """The polyp's core is sure and its rim 0.6; the false mark has 0.698, so 0.7 is quiet."""
    polyp = prediction(
        "p", answer((10, 10, 20, 20, 153), (12, 12, 16, 16, 255)), polyps((10, 10, 20, 20))
    )
    empty = prediction("e", answer((50, 50, 10, 10, 178)), polyps())
    settings = measured_settings([[polyp]], [[empty]])
    without_core = [setting for setting in settings if setting.point.core_margin == 0]
    chosen = choose(without_core, most_marked=0.0)
    assert chosen.marked_share == 0.0
    assert chosen.point.threshold == pytest.approx(0.7)
    assert chosen.dice == pytest.approx(2 * 256 / (256 + 400))
    loose = choose(settings, most_marked=1.0)
    assert loose.dice == 1.0
    assert loose.point == OperatingPoint(0.3, 0.0, 0.0)
    # With a core the rim need not be given up.
    with_core = choose(settings, most_marked=0.0)
    assert with_core.dice == 1.0
    assert with_core.point.threshold < 0.6
    assert with_core.point.core_margin > 0


def test_settings_are_measured_as_frames_are_scored() -> None:
    """On noise, where regions are many: every setting of the grid."""
    rng = np.random.default_rng(4)
    noise = cv2.GaussianBlur(rng.random((SIDE, SIDE)), (0, 0), 3.0)
    stretched = (noise - noise.min()) / (noise.max() - noise.min())
    geometry = Geometry(130, 110, Area(4, 6, 100, 120), SIDE, SIDE)
    segmentation = Segmentation((stretched * 255).astype(np.uint8), 0, geometry, Timings(0, 0))
    mask = np.zeros((130, 110), np.bool_)
    mask[30:80, 20:70] = True
    frame = prediction("noise", segmentation, mask)
    settings = measured_settings([[frame]], [[frame]])
    assert len({setting.dice for setting in settings}) > 20
    for setting in settings:
        scored = frame.scored(setting.point)
        assert setting.dice == pytest.approx(scored.overlap.dice)
        assert setting.marked_share == float(scored.marked_share > MARKED_SHARE)


def test_where_nothing_is_quiet_the_quietest_is_chosen() -> None:
    polyp = prediction("p", answer((10, 10, 20, 20, 255)), polyps((10, 10, 20, 20)))
    loud = prediction("e", answer((50, 50, 30, 30, 255)), polyps())
    assert choose(measured_settings([[polyp]], [[loud]]), most_marked=0.0).marked_share == 1.0


def test_a_large_set_drowns_no_small_one() -> None:
    choice = Choice(OperatingPoint(0.5, 0.0), dices=(0.5, 1.0), marked_shares=(0.0, 0.1))
    assert (choice.dice, choice.marked_share) == (0.75, 0.05)
