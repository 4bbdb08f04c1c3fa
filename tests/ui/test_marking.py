"""Which regions are marked: those that the alert lets through, and their pixels alone."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from app.player.shown import Shown
from app.ui.marking import alerted, marking_of
from models.geometry import Area, mask_on_source
from models.picture import Picture
from models.regions import find_regions
from tests.ui.frames import THRESHOLD, shown

HEIGHT, WIDTH = 300, 500


@pytest.fixture
def two_polyps() -> Shown:
    """A large one and a small one, which the least area lets through."""
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.ellipse(mask, (150, 120), (60, 40), 20, 0, 360, 1, cv2.FILLED)
    cv2.circle(mask, (350, 200), 15, 1, cv2.FILLED)
    picture = Picture(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    made = shown(picture, mask > 0, Area(40, 20, 420, 270))
    assert len(made.alerts) == 2
    return made


def test_with_all_regions_the_probability_is_the_network_s(two_polyps: Shown) -> None:
    marking = marking_of(two_polyps)
    assert marking is not None and two_polyps.segmentation is not None
    assert marking.regions == two_polyps.alerts
    assert marking.probability is two_polyps.segmentation.probability


@pytest.mark.parametrize("kept", [0, 1])
def test_a_region_without_alert_leaves_no_trace(two_polyps: Shown, kept: int) -> None:
    assert two_polyps.findings is not None
    alert = two_polyps.alerts[kept]
    marking = marking_of(replace(two_polyps, alerts=(alert,)))
    assert marking is not None
    marked = mask_on_source(marking.probability, marking.geometry, THRESHOLD)
    alone = np.zeros_like(marked)
    box = np.s_[alert.y : alert.y + alert.height, alert.x : alert.x + alert.width]
    alone[box] = two_polyps.findings.mask[box] > 0
    assert np.array_equal(marked, alone)
    restricted = alerted(two_polyps.findings, (alert,))
    assert np.array_equal(restricted.mask > 0, alone)
    assert restricted.regions == (alert,)


def test_a_region_below_the_least_area_leaves_no_trace(two_polyps: Shown) -> None:
    assert two_polyps.segmentation is not None
    findings = find_regions(two_polyps.segmentation, THRESHOLD, least_area=0.02)
    assert len(findings.regions) == 1
    marking = marking_of(replace(two_polyps, findings=findings, alerts=findings.regions))
    assert marking is not None
    marked = mask_on_source(marking.probability, marking.geometry, THRESHOLD)
    assert np.array_equal(marked, findings.mask > 0)


def test_nothing_is_marked_without_alerts_or_segmentation(two_polyps: Shown) -> None:
    assert marking_of(replace(two_polyps, alerts=())) is None
    assert marking_of(replace(two_polyps, segmentation=None, findings=None)) is None
