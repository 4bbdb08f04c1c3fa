"""Polyp-free pictures: they hold nothing of the polyp and much of the mucosa."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from models.training.frames import Frames
from models.training.held_out import polyp_free_pictures
from models.training.negatives import empty_crop, painted_out, patched_elsewhere

SIDE = 160
POLYP = (0, 255, 0)
"""A colour that the mucosa below does not hold, so that any of it left over shows."""


@pytest.fixture
def scene() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 40, (20, 20)).astype(np.uint8)
    image = np.zeros((SIDE, SIDE, 3), np.uint8)
    image[:, :, 0] = 150 + cv2.resize(noise, (SIDE, SIDE))
    image[:, :, 1:] = 60
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.circle(mask, (110, 100), 18, 255, -1)
    image[mask > 0] = POLYP
    return image, mask


def greenest(image: NDArray[np.uint8]) -> int:
    return int((image[:, :, 1].astype(int) - image[:, :, 0]).max())


def test_an_empty_crop_holds_no_polyp_and_no_border(
    scene: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    image, mask = scene
    image[:, :20] = 0
    found = 0
    for seed in range(20):
        crop = empty_crop(image, mask, np.random.default_rng(seed))
        if crop is None:
            continue
        found += 1
        assert crop.shape == image.shape
        assert greenest(crop) <= 0
        assert np.mean(crop.max(axis=2) < 24) <= 0.3
    assert found >= 10


def test_no_crop_is_found_where_the_polyp_fills_the_frame(
    scene: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    image, mask = scene
    assert empty_crop(image, np.full_like(mask, 255), np.random.default_rng(0)) is None
    assert painted_out(image, np.full_like(mask, 255), np.random.default_rng(0)) is None


def test_a_painted_polyp_is_gone_and_the_rest_stays(
    scene: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    image, mask = scene
    painted = painted_out(image, mask, np.random.default_rng(1))
    assert painted is not None
    assert greenest(painted) < 0
    far = cv2.dilate(mask, np.ones((31, 31), np.uint8)) == 0
    assert np.array_equal(painted[far], image[far])


def test_a_patch_beside_the_polyp_leaves_the_polyp(
    scene: tuple[NDArray[np.uint8], NDArray[np.uint8]],
) -> None:
    image, mask = scene
    changed = 0
    for seed in range(10):
        patched = patched_elsewhere(image, mask, mask, np.random.default_rng(seed))
        if patched is not None:
            # The blending solver may round a value beyond the patch the other way.
            difference = patched[mask > 0].astype(int) - image[mask > 0]
            assert np.abs(difference).max() <= 2
            changed += int(not np.array_equal(patched, image))
    assert changed >= 3


@pytest.mark.parametrize("kind", ["crop", "painted"])
def test_held_out_pictures_depend_on_the_name_alone(
    scene: tuple[NDArray[np.uint8], NDArray[np.uint8]], kind: str
) -> None:
    image, mask = scene
    alone = Frames(("set/b",), image[None], mask[None])
    among = Frames(("set/a", "set/b"), np.stack([image, image]), np.stack([mask, mask]))
    expected = dict(polyp_free_pictures(alone, kind))
    found = dict(polyp_free_pictures(among, kind))
    assert np.array_equal(found["set/b"], expected["set/b"])
    assert not np.array_equal(found["set/a"], expected["set/b"])
