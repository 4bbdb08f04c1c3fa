"""The phantom: the same frames every time, and masks that are true."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from app.sources.base import SourceError
from app.sources.phantom import DEMO, PhantomSource
from app.sources.phantom_scene.lens import camera_rays, turned
from app.sources.phantom_scene.march import COARSE, first_hits
from app.sources.phantom_scene.motion import EPISODE_S, Course
from app.sources.phantom_scene.polyps import Shape, growths_near
from app.sources.phantom_scene.renderer import Renderer
from app.sources.phantom_scene.scene import World

WIDTH, HEIGHT = 320, 200
SEED = DEMO["seed"]
POLYP_FRAME, FREE_FRAME = 280, 70
"""Frames at 30 per second in which a polyp is large, and in which none can be seen."""


@pytest.fixture(scope="module")
def phantom() -> PhantomSource:
    return PhantomSource(WIDTH, HEIGHT, seconds=None)


def grown(mask: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * pixels + 1, 2 * pixels + 1))
    return np.asarray(cv2.dilate(mask.astype(np.uint8), kernel)) > 0


def test_a_frame_depends_on_the_arguments_and_its_index_alone(phantom: PhantomSource) -> None:
    with PhantomSource(WIDTH, HEIGHT, seconds=2.0) as other:
        read = [other.read() for _ in range(4)]
    for frame in reversed(read):
        assert frame is not None
        assert np.array_equal(frame.picture.pixels, phantom.image(frame.index))
    again = PhantomSource(WIDTH, HEIGHT)
    assert np.array_equal(again.mask(POLYP_FRAME), phantom.mask(POLYP_FRAME))


def test_the_rate_changes_which_moments_are_shown_and_not_the_way(phantom: PhantomSource) -> None:
    with PhantomSource(WIDTH, HEIGHT, rate=Fraction(60)) as faster:
        assert np.array_equal(faster.mask(2 * POLYP_FRAME), phantom.mask(POLYP_FRAME))


def test_seeds_give_different_colons(phantom: PhantomSource) -> None:
    with PhantomSource(WIDTH, HEIGHT, seed=SEED + 1) as other:
        difference = cv2.absdiff(other.image(FREE_FRAME), phantom.image(FREE_FRAME))
    assert difference.mean() > 5.0


@pytest.mark.parametrize("frame", [POLYP_FRAME, 10, 215, 240])
def test_the_mask_is_where_a_polyp_lies_in_front_of_the_wall(frame: int) -> None:
    width, height = 400, 344
    with_polyps = World(SEED, with_polyps=True).scene(frame / 30)
    without = World(SEED, with_polyps=False).scene(frame / 30)
    mask = Renderer(width, height).render(with_polyps).polyp > 0.5
    assert mask.mean() > 0.005
    fine, coarse = camera_rays(width, height), camera_rays(width // COARSE, height // COARSE)
    nearer = [
        first_hits(scene, turned(coarse, scene.pose), turned(fine, scene.pose))
        for scene in (with_polyps, without)
    ]
    in_front = nearer[0] < 0.995 * nearer[1]
    # The fillet between polyp and wall stands in front of the wall too, but is not polyp.
    assert np.all(in_front[~grown(~mask, 4)])
    assert in_front[~grown(mask, height // 12)].mean() < 0.005


@pytest.mark.parametrize("frame", [POLYP_FRAME, 10, 240])
def test_without_polyps_the_light_differs_in_and_near_the_mask_alone(frame: int) -> None:
    width, height = 400, 344
    view = Renderer(width, height).render(World(SEED, with_polyps=True).scene(frame / 30))
    bare = Renderer(width, height).render(World(SEED, with_polyps=False).scene(frame / 30))
    assert not bare.polyp.any()
    mask = view.polyp > 0.5
    change = np.abs(view.light - bare.light).max(axis=-1) / (bare.light.max(axis=-1) + 0.01)
    assert np.median(change[mask]) > 0.2
    assert (change[mask] > 0.05).mean() > 0.8
    # The contact shadow, which fades, takes more than a tenth of the light only near the polyp.
    away = ~grown(mask, height // 10)
    assert (change[away] > 0.1).mean() < 0.002


def test_the_mask_on_the_screen_lies_on_the_brighter_polyp(phantom: PhantomSource) -> None:
    image, mask = phantom.image(POLYP_FRAME), phantom.mask(POLYP_FRAME)
    assert mask.shape == image.shape[:2]
    assert mask.dtype == np.bool_
    area = phantom.area
    outside = mask.copy()
    outside[area.y : area.y + area.height, area.x : area.x + area.width] = False
    assert not outside.any()
    ring = grown(mask, 12) & ~grown(mask, 3)
    assert image[mask].mean() > image[ring].mean()
    assert phantom.has_polyp(POLYP_FRAME)
    assert not phantom.has_polyp(FREE_FRAME)


@pytest.mark.parametrize(
    ("width", "height"), [(64, 48), (65, 49), (641, 479), (1001, 333), (300, 801), (2560, 1440)]
)
def test_any_size(width: int, height: int) -> None:
    with PhantomSource(width, height, seconds=0.1) as source:
        frame = source.read()
        assert frame is not None
        assert frame.picture.pixels.shape == (height, width, 3)
        assert (source.info.width, source.info.height) == (width, height)
        area = source.area
        assert area.x >= 0
        assert area.y >= 0
        assert area.x + area.width <= width
        assert area.y + area.height <= height
        centre = frame.picture.pixels[
            area.y + area.height // 4 : area.y + 3 * area.height // 4,
            area.x + area.width // 4 : area.x + 3 * area.width // 4,
        ]
        assert centre.mean() > 40
        assert source.mask(POLYP_FRAME).shape == (height, width)


def test_the_screen_is_black_around_the_picture_but_for_the_text(phantom: PhantomSource) -> None:
    area = phantom.area
    first, second = phantom.image(FREE_FRAME), phantom.image(FREE_FRAME + 1)
    for image in (first, second):
        assert image[: area.y].max() == 0
        assert image[area.y + area.height :].max() == 0
        assert image[:, area.x + area.width :].max() == 0
        assert image[area.y, area.x].max() == 0
        assert image[:, : area.x].max() > 150
    assert not np.array_equal(first[:, : area.x], second[:, : area.x])


@pytest.mark.parametrize("seed", [0, 1, 7, 2**31, 2**40])
def test_other_seeds_and_late_hours(seed: int) -> None:
    with PhantomSource(96, 64, seconds=None, seed=seed) as source:
        area = source.area
        for index in (0, 1, 149, 1234, 30 * 3600 * 24):
            image = source.image(index)
            picture = image[area.y : area.y + area.height, area.x : area.x + area.width]
            assert 50 < picture.mean() < 220
            assert source.mask(index).mean() < 0.5


def test_every_kind_of_polyp_grows_and_many_episodes_have_none() -> None:
    course = Course(0)
    found = {
        (seed, episode): growth
        for seed in range(20)
        for start in range(0, 40, 4)
        for episode, growth in growths_near(seed, course, start * EPISODE_S).items()
    }
    assert {growth.shape for growth in found.values()} == set(Shape)
    assert 0.4 < len(found) / (20 * 40) < 0.8


def test_the_demo_shows_large_and_small_polyps_and_none() -> None:
    with PhantomSource(160, 120, DEMO["rate"], DEMO["seconds"], DEMO["seed"]) as source:
        picture = source.area.width * source.area.height
        count = source.info.frame_count
        assert count is not None
        shares = [np.count_nonzero(source.mask(index)) / picture for index in range(0, count, 6)]
    seen = np.array(shares)
    assert 0.2 < (seen == 0.0).mean() < 0.6
    assert (seen > 0.02).mean() > 0.25
    assert ((seen > 0.0) & (seen < 0.02)).mean() > 0.1
    assert 0.12 < seen.max() < 0.3


def test_seek_finds_the_frame_of_any_time(phantom: PhantomSource) -> None:
    with PhantomSource(96, 64, rate=Fraction(30000, 1001), seconds=3.0) as source:
        times_s = source.frame_times_s
        assert times_s is not None
        assert len(times_s) == source.info.frame_count
        for index in (0, 1, 2, 7, 44, len(times_s) - 1):
            for pts_s in (float(times_s[index]), float(times_s[index]) - 1e-9):
                source.seek(pts_s)
                frame = source.read()
                assert frame is not None
                assert (frame.index, frame.pts_s) == (index, times_s[index])
        source.seek(float(times_s[-1]) + 1e-9)
        assert source.read() is None
        source.seek(-1.0)
        frame = source.read()
        assert frame is not None
        assert frame.index == 0


def test_an_endless_phantom_has_no_end_and_no_list_of_times(phantom: PhantomSource) -> None:
    assert phantom.info.frame_count is None
    assert phantom.info.duration_s is None
    assert phantom.frame_times_s is None
    phantom.seek(86400.0)
    frame = phantom.read()
    assert frame is not None
    assert frame.pts_s == 86400.0


def test_closed_it_refuses_to_seek() -> None:
    source = PhantomSource(96, 64)
    source.close()
    with pytest.raises(SourceError):
        source.seek(0.0)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ({"width": 63}, "63x"),
        ({"height": 47}, "x47"),
        ({"rate": 0}, "rate"),
        ({"seconds": 0.0}, "seconds"),
        ({"seed": -1}, "seed"),
    ],
)
def test_impossible_arguments_are_named(arguments: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        PhantomSource(**arguments)
