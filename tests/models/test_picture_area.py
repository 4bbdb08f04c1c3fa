from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from models.geometry import Area
from models.picture import Picture, PixelFormat
from models.picture_area import PictureAreaTracker, TrackedAreas, find_picture_area
from tests.locations import shared
from tests.models.pictures import as_picture, scene

FRAME = (1080, 1920)
TISSUE = scene(*FRAME, seed=3)
SHOWN = Area(560, 20, 1300, 1040)
WHOLE = Area(0, 0, 1920, 1080)


def screen(
    shown: Area, border: int = 16, frame: tuple[int, int] = FRAME, light: float = 1.0
) -> NDArray[np.uint8]:
    """An endoscope's screen: the picture with its corners cut, text and a thumbnail beside it."""
    height, width = frame
    image = np.full((height, width, 3), border, np.uint8)
    corner = shown.height // 6
    right, bottom = shown.width - 1, shown.height - 1
    octagon = np.array(
        [
            (corner, 0),
            (right - corner, 0),
            (right, corner),
            (right, bottom - corner),
            (right - corner, bottom),
            (corner, bottom),
            (0, bottom - corner),
            (0, corner),
        ]
    )
    inside = np.zeros((shown.height, shown.width), np.uint8)
    cv2.fillPoly(inside, [octagon], 1)
    window = image[shown.y : shown.y + shown.height, shown.x : shown.x + shown.width]
    tissue = (TISSUE[: shown.height, : shown.width] * light).astype(np.uint8)
    window[inside > 0] = np.maximum(tissue, (int(20 * light) + border, border, border))[inside > 0]
    if shown.x > 200:
        image[height - 120 : height - 30, 20:140] = TISSUE[:90, :120]
        for line, text in enumerate(("Name: DOE", "Sex: F  Age: 58", "12/03/2021 10:31:07")):
            place = (12, 60 + 40 * line)
            cv2.putText(image, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.7, (230, 230, 230), 2)
    return image


def holds(area: Area, shown: Area) -> bool:
    return (
        area.x <= shown.x
        and area.y <= shown.y
        and area.x + area.width >= shown.x + shown.width
        and area.y + area.height >= shown.y + shown.height
    )


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("border", [0, 16, 40])
def test_the_picture_is_found_beside_text(pixel_format: PixelFormat, border: int) -> None:
    found = find_picture_area(as_picture(screen(SHOWN, border), pixel_format))
    assert found is not None
    assert holds(found, SHOWN)
    assert found.width <= SHOWN.width + 60
    assert found.height <= SHOWN.height + 60
    assert not any(side % 2 for side in (found.x, found.y, found.width, found.height))


@given(
    x=st.integers(0, 700).map(lambda x: 2 * (x // 2)),
    y=st.integers(0, 200).map(lambda y: 2 * (y // 2)),
    width=st.integers(820, 1220),
    height=st.integers(760, 880),
    border=st.integers(0, 45),
)
@settings(max_examples=40, deadline=None)
def test_it_never_cuts_into_the_picture(
    x: int, y: int, width: int, height: int, border: int
) -> None:
    shown = Area(x, y, width, height)
    found = find_picture_area(Picture(screen(shown, border)))
    assert found is not None
    assert holds(found, shown)


def test_without_a_border_the_whole_frame_is_used() -> None:
    for height, width in ((1080, 1920), (529, 623)):
        found = find_picture_area(Picture(scene(height, width)))
        assert found == Area(0, 0, width, height)


def test_a_thin_border_is_not_cut_off_for_the_network() -> None:
    shown = Area(40, 10, 1840, 1060)
    areas = PictureAreaTracker().update(Picture(screen(shown)))
    assert areas.network == WHOLE
    assert areas.picture is not None
    assert holds(areas.picture, shown)
    assert areas.picture != WHOLE


@pytest.mark.parametrize("level", [0, 16, 40])
def test_a_dark_frame_tells_nothing(level: int) -> None:
    assert find_picture_area(Picture(np.full((1080, 1920, 3), level, np.uint8))) is None


def test_a_picture_lit_on_one_side_cuts_nothing_off_for_the_network() -> None:
    image = screen(SHOWN)
    image[:, SHOWN.x : SHOWN.x + SHOWN.width // 2] = 16
    areas = PictureAreaTracker().update(Picture(image))
    assert areas.network == WHOLE
    assert areas.picture is not None
    assert areas.picture.x >= SHOWN.x + SHOWN.width // 2 - 30


def test_a_picture_in_shadow_is_held_together_by_its_red() -> None:
    found = find_picture_area(as_picture(screen(SHOWN, light=0.5), PixelFormat.YUV420P))
    assert found is not None
    assert holds(found, SHOWN)


def test_the_tracker_holds_what_it_found_through_darkness() -> None:
    tracker = PictureAreaTracker()
    dark = Picture(np.full((*FRAME, 3), 16, np.uint8))
    assert tracker.update(dark) == TrackedAreas(None, WHOLE)
    found = tracker.update(Picture(screen(SHOWN)))
    assert found.network == found.picture != WHOLE
    assert tracker.update(dark) == found


def test_the_tracker_grows_and_never_shrinks() -> None:
    tracker = PictureAreaTracker()
    smaller = Area(SHOWN.x + 100, SHOWN.y + 60, SHOWN.width - 100, SHOWN.height - 60)
    first = tracker.update(Picture(screen(smaller)))
    assert not holds(first.network, SHOWN)
    second = tracker.update(Picture(screen(SHOWN)))
    assert holds(second.network, SHOWN)
    assert tracker.update(Picture(screen(smaller))) == second


def test_the_tracker_looks_again_later() -> None:
    tracker = PictureAreaTracker()
    smaller = Area(SHOWN.x + 100, SHOWN.y + 60, SHOWN.width - 100, SHOWN.height - 60)
    before, after = Picture(screen(smaller)), Picture(screen(SHOWN))
    for _ in range(100):
        tracker.update(before)
    areas = [tracker.update(after) for _ in range(15)]
    assert holds(areas[-1].network, SHOWN)


def test_another_frame_size_starts_anew() -> None:
    tracker = PictureAreaTracker()
    tracker.update(Picture(screen(SHOWN)))
    small = Area(0, 0, 720, 576)
    assert tracker.update(Picture(scene(576, 720))) == TrackedAreas(small, small)
    dark = Picture(np.zeros((*FRAME, 3), np.uint8))
    assert tracker.update(dark) == TrackedAreas(None, WHOLE)


def test_the_same_pictures_give_the_same_areas() -> None:
    pictures = [
        Picture(screen(Area(560 - 20 * step, 20, 1000 + 20 * step, 1000), light=0.4 + 0.1 * step))
        for step in range(5)
    ]
    one, other = PictureAreaTracker(), PictureAreaTracker()
    areas = [one.update(picture) for picture in pictures]
    assert areas == [other.update(picture) for picture in pictures]


def test_real_polyps_stay_inside() -> None:
    for name in ("kvasir-seg", "polypgen"):
        for path in sorted(shared(f"data/{name}/images").iterdir())[::25]:
            picture = Picture(np.array(Image.open(path).convert("RGB")))
            found = find_picture_area(picture)
            if found is None:
                continue
            mask_path = path.parents[1] / "masks" / f"{path.stem}.png"
            mask = np.array(Image.open(mask_path).convert("L")) > 0
            mask[found.y : found.y + found.height, found.x : found.x + found.width] = False
            assert not mask.any(), path.name


@pytest.mark.parametrize("pixel_format", PixelFormat)
@pytest.mark.parametrize("size", [(2, 2), (2, 64), (64, 2), (6, 4)])
def test_the_smallest_pictures_are_looked_at_like_any_other(
    size: tuple[int, int], pixel_format: PixelFormat
) -> None:
    lit = as_picture(np.full((*size, 3), 200, np.uint8), pixel_format)
    assert find_picture_area(lit) == lit.whole
    dark = as_picture(np.zeros((*size, 3), np.uint8), pixel_format)
    assert PictureAreaTracker().update(dark) == TrackedAreas(None, dark.whole)


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1)])
def test_pictures_of_a_single_row_or_column_are_looked_at_too(size: tuple[int, int]) -> None:
    picture = Picture(np.full((*size, 3), 200, np.uint8))
    assert find_picture_area(picture) == picture.whole
