"""How two ways to run a model are compared, and which differences are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine_builder.agreement import Infer, compare, require_agreement
from engine_builder.command_line import EngineBuilderError
from engine_builder.images import image_files
from engine_builder.precision import FP16
from models.engine_folder import Agreement
from tests.engine_builder.conftest import SMALL


def answering(side: int, level: int = 255) -> Infer:
    """Marks a square of that side, whatever it is shown."""
    probability = np.zeros((SMALL.height, SMALL.width), np.uint8)
    probability[:side, :side] = level

    def infer(frame: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return probability

    return infer


def compared(infer: Infer, infer_fp32: Infer, folder: Path) -> Agreement:
    seen: list[None] = []
    agreement = compare(
        infer,
        infer_fp32,
        image_files(folder),
        SMALL,
        measured_on="here",
        on_image=lambda: seen.append(None),
    )
    assert agreement.images == len(seen) == 24
    return agreement


def test_the_same_answers_agree(drawn_images: Path) -> None:
    agreement = compared(answering(20), answering(20), drawn_images)
    assert (agreement.mean_dice, agreement.least_dice, agreement.flipped_pixels) == (1, 1, 0)
    require_agreement(agreement, FP16)


def test_what_is_too_small_to_be_marked_decides_nothing(drawn_images: Path) -> None:
    """At 0.2 % a region has 9 of the 4096 pixels: one is rounding, and is counted."""
    agreement = compared(answering(0), answering(1, level=128), drawn_images)
    assert (agreement.mean_dice, agreement.flipped_pixels) == (1, 24)
    assert (agreement.empty_images, agreement.empty_images_marked) == (6, 0)
    require_agreement(agreement, FP16)


def test_a_region_where_fp32_marks_none_is_refused(drawn_images: Path) -> None:
    agreement = compared(answering(20), answering(1), drawn_images)
    assert (agreement.mean_dice, agreement.empty_images_marked) == (0, 6)
    with pytest.raises(EngineBuilderError, match="FP16 strays from FP32"):
        require_agreement(agreement, FP16)


def test_a_region_that_is_lost_or_changed_is_refused(drawn_images: Path) -> None:
    for side in (0, 16):
        agreement = compared(answering(side), answering(20), drawn_images)
        overlap = 2 * side**2 / (side**2 + 20**2)
        assert agreement.mean_dice == pytest.approx(overlap, abs=1e-6)
        with pytest.raises(EngineBuilderError, match="FP16 strays from FP32"):
            require_agreement(agreement, FP16)
