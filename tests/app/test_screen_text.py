"""What lies outside the endoscope's picture is not written."""

from __future__ import annotations

import numpy as np
import pytest

from app.screen_text import without_screen_text
from models.geometry import Area
from tests.app.drawn_findings import FORMS, noise
from tests.models.pictures import Form

AREAS = [Area(40, 20, 80, 60), Area(0, 0, 60, 128), Area(100, 90, 60, 38), Area(0, 2, 160, 126)]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("area", AREAS)
def test_the_outside_is_black_and_the_inside_untouched(form: Form, area: Area) -> None:
    picture = noise(form, 128, 160)
    hidden = without_screen_text(picture, area)
    for before, after in zip(picture.planes(), hidden.planes(), strict=True):
        down, across = 128 // before.shape[0], 160 // before.shape[1]
        inside = np.zeros(before.shape, np.bool_)
        rows = slice(area.y // down, (area.y + area.height) // down)
        inside[rows, area.x // across : (area.x + area.width) // across] = True
        assert np.array_equal(before[inside], after[inside])
        assert len(np.unique(after[~inside])) == 1
    outside = np.ones((128, 160), np.bool_)
    outside[area.y : area.y + area.height, area.x : area.x + area.width] = False
    # Beside the area, interpolated chroma may tint the black; light it cannot.
    assert hidden.planes()[0][outside].max() <= (0 if form[2] or not form[0].is_yuv else 16)


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_left_while_the_picture_is_not_found(
    form: Form,
) -> None:
    hidden = without_screen_text(noise(form, 128, 160), None)
    assert all(len(np.unique(plane)) == 1 for plane in hidden.planes())


def test_a_picture_that_fills_the_frame_is_handed_on_itself() -> None:
    picture = noise(FORMS[1], 128, 160)
    assert without_screen_text(picture, Area(0, 0, 160, 128)) is picture
