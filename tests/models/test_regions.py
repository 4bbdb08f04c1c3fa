from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.geometry import Area, Geometry, core_threshold, least_level, mask_on_source
from models.regions import Region, find_regions
from models.segmentation import Segmentation, Timings


def segmentation(
    probability: NDArray[np.uint8], source: tuple[int, int], area: Area
) -> Segmentation:
    geometry = Geometry(*source, area, *probability.shape)
    return Segmentation(probability, 0, geometry, Timings(0, 0))


def blank(height: int = 352, width: int = 352) -> NDArray[np.uint8]:
    return np.zeros((height, width), np.uint8)


def unscaled(probability: NDArray[np.uint8]) -> Segmentation:
    height, width = probability.shape
    return segmentation(probability, (height, width), Area(0, 0, width, height))


def test_two_regions_largest_first() -> None:
    probability = blank()
    probability[10:20, 300:330] = 200
    probability[100:140, 50:90] = 130
    probability[120, 60] = 250
    findings = find_regions(unscaled(probability), 0.5, 0.0)
    assert findings.regions == (
        Region(50, 100, 40, 40, 1600, 250 / 255),
        Region(300, 10, 30, 10, 300, 200 / 255),
    )
    assert findings.area_share == 1900 / 352**2
    assert findings.peak_probability == 250 / 255
    assert findings.mask.dtype == np.uint8
    assert ((findings.mask == 255) == (probability >= 128)).all()


def test_boxes_lie_on_the_source() -> None:
    area = Area(400, 40, 1056, 1056)
    probability = blank()
    probability[100:200, 50:80] = 255
    findings = find_regions(segmentation(probability, (1100, 1920), area), 0.5, 0.0)
    (region,) = findings.regions
    assert (region.x, region.y) == (400 + 150, 40 + 300)
    assert (region.width, region.height) == (90, 300)
    rows, columns = np.nonzero(findings.mask)
    assert (columns.min(), rows.min()) == (region.x, region.y)
    assert region.area_px == rows.size
    assert findings.area_share == rows.size / 1056**2


def test_a_region_needs_a_core() -> None:
    """Equal outlines: one sure on 20 pixels, one on 19, one nowhere."""
    probability = blank(100, 100)
    for column, sure_px in ((10, 20), (40, 19), (70, 0)):
        outline = np.full(100, 140, np.uint8)
        outline[:sure_px] = 240
        probability[10:20, column : column + 10] = outline.reshape(10, 10)
    answer = unscaled(probability)
    kept = find_regions(answer, 0.5, 20 / 100**2, core_margin=math.log(9)).regions
    assert [(region.x, region.area_px) for region in kept] == [(10, 100)]
    assert (find_regions(answer, 0.5, 20 / 100**2).mask > 0).sum() == 300
    # Without a least area one sure pixel is enough.
    assert len(find_regions(answer, 0.5, 0.0, core_margin=math.log(9)).regions) == 2


def test_the_core_moves_with_the_threshold() -> None:
    probability = blank(100, 100)
    probability[10:20, 10:20] = round(0.9 * 255)
    assert find_regions(unscaled(probability), 0.5, 0.0, core_margin=math.log(8)).regions
    assert not find_regions(unscaled(probability), 0.6, 0.0, core_margin=math.log(8)).regions


@given(st.integers(0, 255).map(lambda level: level / 255))
def test_without_a_margin_the_core_is_the_region(threshold: float) -> None:
    assert core_threshold(threshold, 0.0) == threshold
    assert least_level(core_threshold(threshold, 0.0)) == least_level(threshold)


def test_small_regions_are_dropped_from_everything_but_the_peak() -> None:
    probability = blank()
    probability[0:20, 0:20] = 150
    probability[100:110, 100:110] = 255
    share = 400 / 352**2
    findings = find_regions(unscaled(probability), 0.5, share)
    assert findings.regions == (Region(0, 0, 20, 20, 400, 150 / 255),)
    assert findings.area_share == share
    assert int((findings.mask > 0).sum()) == 400
    assert findings.peak_probability == 1.0
    assert find_regions(unscaled(probability), 0.5, 1.0).regions == ()


def test_what_touches_at_a_corner_is_one_region() -> None:
    probability = blank()
    probability[10:20, 10:20] = 255
    probability[20:30, 20:30] = 255
    (region,) = find_regions(unscaled(probability), 0.5, 0.0).regions
    assert (region.x, region.y, region.width, region.height, region.area_px) == (
        10,
        10,
        20,
        20,
        200,
    )


def test_nothing_reaches_the_threshold() -> None:
    probability = blank()
    probability[5, 5] = 127
    findings = find_regions(segmentation(probability, (480, 640), Area(0, 0, 640, 480)), 0.5, 0.0)
    assert findings.regions == ()
    assert findings.area_share == 0.0
    assert findings.peak_probability == 127 / 255
    assert findings.mask.shape == (480, 640)
    assert not findings.mask.any()


@pytest.mark.parametrize("threshold", [0.0, 0.3, 0.9])
@pytest.mark.parametrize("source", [(1080, 1920), (123, 457)])
def test_with_nothing_dropped_the_mask_is_that_of_the_geometry(
    threshold: float, source: tuple[int, int]
) -> None:
    random = np.random.default_rng(1)
    probability = blank()
    probability[30:90, 200:352] = random.integers(0, 256, (60, 152))
    area = Area(3, 5, source[1] - 10, source[0] - 7)
    answer = segmentation(probability, source, area)
    findings = find_regions(answer, threshold, 0.0)
    expected = mask_on_source(probability, answer.geometry, threshold)
    assert ((findings.mask > 0) == expected).all()
    assert sum(region.area_px for region in findings.regions) == int(expected.sum())


def test_more_regions_than_sixteen_bits_can_number() -> None:
    probability = blank(700, 700)
    probability[::2, ::2] = 255
    probability[:3, :3] = 255
    findings = find_regions(unscaled(probability), 0.5, 5 / 700**2)
    assert findings.regions == (Region(0, 0, 3, 3, 9, 1.0),)
