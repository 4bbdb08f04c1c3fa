"""Lists, frames, augmentation and the mixture, on drawn pictures."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from models.training.augmentation import AUGMENTATIONS
from models.training.frames import load_frames, read_pair
from models.training.lists import DataError, in_measured_half, read_list
from models.training.mixture import Draws, Mixture, load_ingredients
from models.training.recipe import Recipe, RecipeError, read_recipe
from tests.locations import ROOT
from tests.models.training.drawn_data import RECIPE, draw_data, draw_pair, write_list, write_set


@pytest.fixture
def data_root(tmp_path: Path) -> Path:
    return draw_data(tmp_path / "data")


@pytest.fixture
def recipe(tmp_path: Path) -> Recipe:
    path = tmp_path / "recipe.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return read_recipe(path)


def test_a_list_gives_its_pairs_in_order(data_root: Path) -> None:
    pairs = read_list(data_root, "val")
    assert [pair.name for pair in pairs] == ["drawn/v0", "drawn/v1", "drawn/v2"]
    assert pairs[0].image == data_root / "drawn" / "images" / "v0.jpg"


def test_a_name_may_hold_spaces_and_a_line_may_be_empty(data_root: Path) -> None:
    write_set(data_root, "other set", ["polyp 1"])
    write_list(data_root, "spaced", ["other set/polyp 1", "", "drawn/v0"])
    assert [pair.name for pair in read_list(data_root, "spaced")] == [
        "other set/polyp 1",
        "drawn/v0",
    ]


def test_a_missing_list_is_named(data_root: Path) -> None:
    with pytest.raises(DataError, match=r"nothing\.txt cannot be read"):
        read_list(data_root, "nothing")


@pytest.mark.parametrize(("name", "folder"), [("none", None), ("train", "elsewhere")])
def test_a_list_without_entries_is_refused(data_root: Path, name: str, folder: str | None) -> None:
    write_list(data_root, "none", [])
    with pytest.raises(DataError, match="names no image"):
        read_list(data_root, name, folder)


def test_an_image_without_mask_is_named(data_root: Path) -> None:
    (data_root / "drawn" / "masks" / "v1.png").unlink()
    with pytest.raises(DataError, match=r"v1\.jpg has no mask .*v1\.png"):
        read_list(data_root, "val")


def test_a_missing_image_is_named(data_root: Path) -> None:
    (data_root / "drawn" / "images" / "v2.jpg").unlink()
    with pytest.raises(DataError, match=r"there is no image .*v2"):
        read_list(data_root, "val")


def test_unlike_sizes_are_named(data_root: Path) -> None:
    cv2.imwrite(str(data_root / "drawn" / "masks" / "v0.png"), np.zeros((50, 40), np.uint8))
    with pytest.raises(DataError, match=r"v0\.jpg is 96x96, but its mask .* is 40x50"):
        read_pair(read_list(data_root, "val")[0])


@pytest.mark.parametrize("part", ["images/v0.jpg", "masks/v0.png"])
def test_a_file_that_is_no_whole_image_is_named(data_root: Path, part: str) -> None:
    path = data_root / "drawn" / part
    whole = path.read_bytes()
    for content in (b"", b"no image", whole[: len(whole) // 2]):
        path.write_bytes(content)
        with pytest.raises(DataError, match=r"v0\.(jpg|png) is no whole image"):
            read_pair(read_list(data_root, "val")[0])


def test_a_mask_of_class_numbers_is_no_empty_mask(data_root: Path) -> None:
    _, mask = draw_pair(8)
    cv2.imwrite(str(data_root / "drawn" / "masks" / "v0.png"), mask // 255)
    with pytest.raises(DataError, match=r"v0\.png is brighter than 1; draw polyps in 255"):
        read_pair(read_list(data_root, "val")[0])


def test_a_list_that_is_no_text_is_named(data_root: Path) -> None:
    (data_root / "splits" / "binary.txt").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(DataError, match=r"binary\.txt cannot be read"):
        read_list(data_root, "binary")


def test_frames_are_rgb_and_masks_binary(data_root: Path) -> None:
    frames = load_frames(read_list(data_root, "val"), 48, cache=None)
    assert frames.images.shape == (3, 48, 48, 3)
    assert set(np.unique(frames.masks)) == {0, 255}
    drawn, mask = draw_pair(8)
    image, _ = read_pair(read_list(data_root, "val")[0])
    assert abs(image[:, :, 0].mean() - drawn[:, :, 2].mean()) < 2.0
    assert abs(frames.masks[0].mean() - mask.mean()) < 3.0


def test_the_cache_gives_the_same_frames(data_root: Path, tmp_path: Path) -> None:
    pairs = read_list(data_root, "train")
    fresh = load_frames(pairs, 32, cache=None)
    for _ in ("written", "read"):
        cached = load_frames(pairs, 32, tmp_path / "cache")
        assert np.array_equal(cached.images, fresh.images)
        assert np.array_equal(cached.masks, fresh.masks)
    assert not list((tmp_path / "cache").glob("*.partial*"))


def test_an_interrupted_cache_leaves_nothing_half_written(
    data_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs, save = read_list(data_root, "val"), np.save

    def interrupted(*of: Any) -> None:
        save(*of)
        signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patched:
        patched.setattr(np, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            load_frames(pairs, 32, tmp_path / "cache")
    assert not list((tmp_path / "cache").iterdir())
    assert len(load_frames(pairs, 32, tmp_path / "cache").images) == 3


def test_a_frame_that_changed_is_not_taken_from_the_cache(data_root: Path, tmp_path: Path) -> None:
    before = load_frames(read_list(data_root, "val"), 32, tmp_path / "cache")
    image, _ = draw_pair(99)
    cv2.imwrite(str(data_root / "drawn" / "images" / "v0.jpg"), image)
    after = load_frames(read_list(data_root, "val"), 32, tmp_path / "cache")
    assert not np.array_equal(before.images[0], after.images[0])
    assert np.array_equal(before.images[1], after.images[1])


def test_a_damaged_cache_is_named(data_root: Path, tmp_path: Path) -> None:
    load_frames(read_list(data_root, "val"), 32, tmp_path)
    (images,) = tmp_path.glob("*.images.npy")
    images.write_bytes(images.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"frames-32-\w+\.\* are damaged; delete them"):
        load_frames(read_list(data_root, "val"), 32, tmp_path)


def test_a_cache_that_cannot_be_written_leaves_nothing(data_root: Path, tmp_path: Path) -> None:
    """A limit on the size of files stands in for the full disk."""
    script = """
import resource, sys
from pathlib import Path
from models.training.frames import load_frames
from models.training.lists import DataError, read_list
data, cache = map(Path, sys.argv[1:])
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    load_frames(read_list(data, "val"), 64, cache)
except DataError as error:
    sys.exit(str(error))
"""
    cache = tmp_path / "cache"
    command = [sys.executable, "-c", script, str(data_root), str(cache)]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert re.match(r".*cache cannot keep 0 MB of frames .*; make room", result.stderr)
    assert not list(cache.iterdir())


@pytest.mark.parametrize("name", AUGMENTATIONS)
def test_an_augmentation_keeps_image_and_mask_together(name: str) -> None:
    """The polyp is bright on dark: afterwards the mask must still lie on the bright part."""
    side, size = 128, 96
    mask = np.zeros((side, side), np.uint8)
    cv2.circle(mask, (64, 64), 30, 255, -1)
    image = np.repeat(mask[:, :, None], 3, axis=2) // 2 + 20
    kept_before = image.copy()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        changed, changed_mask = AUGMENTATIONS[name](image, mask, size, rng)
        assert changed.shape == (size, size, 3)
        assert changed.dtype == changed_mask.dtype == np.uint8
        assert set(np.unique(changed_mask)) <= {0, 255}
        inside = cv2.erode(changed_mask, np.ones((9, 9), np.uint8)) > 0
        outside = cv2.dilate(changed_mask, np.ones((9, 9), np.uint8)) == 0
        assert np.median(changed[inside]) > np.median(changed[outside])
    assert np.array_equal(image, kept_before)


def test_only_the_stronger_augmentation_halves_a_polyp_and_lights_it_from_one_side() -> None:
    side = 96
    mask = np.zeros((side, side), np.uint8)
    cv2.circle(mask, (48, 48), 20, 255, -1)
    even = np.full((side, side, 3), 90, np.uint8)
    widths, slopes = {}, {}
    for name in ("strong", "stronger"):
        augment = AUGMENTATIONS[name]
        draws = [augment(even, mask, side, np.random.default_rng(seed)) for seed in range(300)]
        # A circle's area goes with the square of its scale; stretch leaves it alone.
        widths[name] = min(np.sqrt(drawn.sum() / mask.sum()) for _, drawn in draws)
        lit = [image[40:56, 16:80].astype(np.float64) + 1.0 for image, _ in draws]
        slopes[name] = [abs(np.log(one[:, :8].mean() / one[:, -8:].mean())) for one in lit]
    assert widths["strong"] > 0.75
    assert 0.45 < widths["stronger"] < 0.6
    assert np.mean(np.array(slopes["stronger"]) > 0.2) > np.mean(np.array(slopes["strong"]) > 0.2)


def test_every_second_polyp_free_frame_is_kept_out_of_training(
    recipe: Recipe, data_root: Path
) -> None:
    trained = set(load_ingredients(recipe, data_root, cache=None)[1].frames.names)
    assert trained == {f"empty/e{n}" for n in range(8) if not in_measured_half(f"empty/e{n}")}
    assert 0 < len(trained) < 8


def test_the_mixture_keeps_its_shares_and_repeats_itself(recipe: Recipe, data_root: Path) -> None:
    ingredients = load_ingredients(recipe, data_root, cache=None)
    first, second = (Mixture(recipe, ingredients, 32) for _ in range(2))
    empty = 0
    for draw in Draws(0, 16):
        image, mask = first[draw]
        again, mask_again = second[draw]
        assert image.shape == (3, 32, 32)
        assert mask.shape == (1, 32, 32)
        assert bool((image == again).all())
        assert bool((mask == mask_again).all())
        empty += int(not mask.any())
    # Half of all draws are made without a polyp; the others may lose theirs over the edge.
    assert 8 <= empty <= 10


def test_every_frame_of_a_source_is_seen_equally_often(recipe: Recipe, data_root: Path) -> None:
    mixture = Mixture(recipe, load_ingredients(recipe, data_root, cache=None), 32)
    source = mixture._ingredients[0]
    seen = [mixture._place(0, source, count)[0] for count in range(24)]
    assert sorted(seen) == sorted(list(range(8)) * 3)


@pytest.mark.parametrize(
    ("was", "is_now", "words"),
    [
        ('list = "train"', 'list = "val"', "val holds drawn/v0"),
        ("trained_half = true", "", "negative holds empty/e"),
    ],
)
def test_what_is_watched_is_not_trained_on(
    tmp_path: Path, data_root: Path, was: str, is_now: str, words: str
) -> None:
    path = tmp_path / "leak.toml"
    path.write_text(RECIPE.replace(was, is_now), encoding="utf-8")
    with pytest.raises(DataError, match=f"{words}.*, which validation watches"):
        load_ingredients(read_recipe(path), data_root, cache=None)


def test_an_unknown_kind_of_source_is_named(tmp_path: Path, data_root: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_text(RECIPE.replace('"painted"', '"cropped"'), encoding="utf-8")
    with pytest.raises(RecipeError, match="kind cropped"):
        load_ingredients(read_recipe(path), data_root, cache=None)


def test_processes_share_the_draws() -> None:
    shared = [list(Draws(rank, 10, every=2)) for rank in range(2)]
    assert sorted(shared[0] + shared[1]) == list(range(10))
