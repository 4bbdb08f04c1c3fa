"""Folders of images, and single ones."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from app.sources.base import SourceError, SourceFormatError, SourceNotFoundError
from app.sources.images import ImageSource
from tests.app.sources.pictures import FORMATS, quadrants, write_image
from tests.app.sources.reading import read_all

EXIF_ORIENTATION = 0x0112


def only_picture(path: Path) -> NDArray[np.uint8]:
    with ImageSource(path) as source:
        frames = read_all(source)
    assert len(frames) == 1
    assert not frames[0].picture.pixels.flags.writeable
    assert frames[0].picture.pixels.flags.c_contiguous
    return frames[0].picture.pixels


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_its_colours(suffix: str, tmp_path: Path) -> None:
    pixels = only_picture(write_image(tmp_path / f"polyp{suffix}")).astype(int)
    assert np.abs(pixels - quadrants()).max() <= (3 if suffix in (".jpg", ".jpeg") else 0)


def test_a_folder_is_read_in_natural_order(tmp_path: Path) -> None:
    names = ["2.png", "10.png", "a1b2.JPG", "a1b10.jpg", "a02b1.bmp", "b.tif"]
    for name in reversed(names):
        write_image(tmp_path / name.replace(".JPG", ".jpg")).rename(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no image")
    (tmp_path / "._2.png").write_bytes(b"what another system leaves behind")
    (tmp_path / "folder.png").mkdir()
    with ImageSource(tmp_path) as source:
        frames = read_all(source)
        assert [frame.name for frame in frames] == names
        assert [frame.index for frame in frames] == list(range(6))
        assert [frame.pts_s for frame in frames] == [n / 25 for n in range(6)]
        assert source.info.frame_count == 6
        assert source.report.undecodable == 0


def test_the_rate_sets_the_times(tmp_path: Path) -> None:
    for number in range(4):
        write_image(tmp_path / f"{number}.png")
    with ImageSource(tmp_path, rate=Fraction(30000, 1001)) as source:
        assert [frame.pts_s for frame in read_all(source)] == [n * 1001 / 30000 for n in range(4)]
        assert source.info.rate == Fraction(30000, 1001)


def test_every_picture_keeps_its_own_size(tmp_path: Path) -> None:
    sizes = [(40, 24), (33, 21), (64, 64)]
    for number, (width, height) in enumerate(sizes):
        write_image(tmp_path / f"{number}.png", quadrants(width, height))
    with ImageSource(tmp_path) as source:
        pictures = [frame.picture for frame in read_all(source)]
        assert [(picture.width, picture.height) for picture in pictures] == sizes
        assert (source.info.width, source.info.height) == sizes[0]


def test_unreadable_images_are_left_out_counted_and_named(tmp_path: Path) -> None:
    for number in range(8):
        write_image(tmp_path / f"{number}.png")
    cut = (tmp_path / "3.png").read_bytes()
    (tmp_path / "0.png").write_text("no image at all")
    (tmp_path / "3.png").write_bytes(cut[: len(cut) // 2])
    (tmp_path / "4.png").write_bytes(b"")
    with ImageSource(tmp_path) as source:
        frames = read_all(source)
        assert [frame.name for frame in frames] == ["1.png", "2.png", "5.png", "6.png", "7.png"]
        assert [frame.index for frame in frames] == list(range(5))
        assert [frame.pts_s for frame in frames] == [n / 25 for n in range(5)]
        assert source.report.undecodable == 3
        assert source.report.messages == ("Could not be read: 0.png, 3.png, 4.png.",)
        source.seek(2 / 25)
        sought = source.read()
        assert sought is not None
        assert (sought.index, sought.name) == (2, "5.png")
        assert source.frame_times_s.tolist() == [n / 25 for n in range(5)]


def test_seek_gives_the_first_image_not_before(tmp_path: Path) -> None:
    for number in range(20):
        write_image(tmp_path / f"{number}.png")
    with ImageSource(tmp_path, rate=Fraction(30)) as source:
        for asked_s, index in ((0.0, 0), (-3.0, 0), (7 / 30, 7), (7.01 / 30, 8), (19 / 30, 19)):
            source.seek(asked_s)
            frame = source.read()
            assert frame is not None
            assert (frame.index, frame.name) == (index, f"{index}.png")
        source.seek(0.65)
        assert source.read() is None
        source.seek(0.5)
        assert len(read_all(source)) == 5


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[EXIF_ORIENTATION] = orientation
    path = tmp_path / "polyp.png"
    Image.fromarray(quadrants()).save(path, exif=exif)
    # What each value means, by the EXIF standard: where row 0 and column 0 of the file belong.
    upright = {
        1: lambda p: p,
        2: lambda p: p[:, ::-1],
        3: lambda p: p[::-1, ::-1],
        4: lambda p: p[::-1],
        5: lambda p: p.transpose(1, 0, 2),
        6: lambda p: p.transpose(1, 0, 2)[:, ::-1],
        7: lambda p: p.transpose(1, 0, 2)[::-1, ::-1],
        8: lambda p: p.transpose(1, 0, 2)[::-1],
    }[orientation](quadrants())
    assert np.array_equal(only_picture(path), upright)


def test_16_bit_grey_keeps_its_upper_bits(tmp_path: Path) -> None:
    samples = np.linspace(0, 65535, 40 * 24).astype(np.uint16).reshape(24, 40)
    for suffix in (".png", ".tif"):
        Image.fromarray(samples).save(tmp_path / f"deep{suffix}")
        pixels = only_picture(tmp_path / f"deep{suffix}")
        assert np.array_equal(pixels, np.repeat((samples >> 8).astype(np.uint8)[..., None], 3, -1))


def test_16_bit_colour_keeps_its_upper_bits(tmp_path: Path) -> None:
    cv2 = pytest.importorskip("cv2")
    samples = np.random.default_rng(0).integers(0, 65536, (24, 40, 3), np.uint16)
    for suffix in (".png", ".tif"):
        path = tmp_path / f"deep{suffix}"
        assert cv2.imwrite(str(path), samples[..., ::-1])
        assert np.array_equal(only_picture(path), (samples >> 8).astype(np.uint8))


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK"])
def test_other_modes_become_rgb(mode: str, tmp_path: Path) -> None:
    path = tmp_path / ("image.tif" if mode == "CMYK" else "image.png")
    image = Image.fromarray(quadrants()).convert(mode)
    if mode in ("LA", "RGBA"):
        image.putalpha(0)
    image.save(path)
    expected = quadrants()
    if mode in ("L", "LA"):
        expected = np.repeat(np.array(Image.fromarray(expected).convert("L"))[..., None], 3, -1)
    elif mode == "1":
        expected = np.repeat((np.array(image) * np.uint8(255))[..., None], 3, -1)
    assert np.array_equal(only_picture(path), expected)


def test_a_palette_with_transparency_keeps_its_colours(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(quadrants()).convert("P").save(path, transparency=b"\x00\x80")
    assert np.array_equal(only_picture(path), quadrants())


def test_a_picture_that_claims_too_many_pixels_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (40000, 4000)).save(path)
    with pytest.raises(SourceFormatError, match="can be read"):
        ImageSource(path)


def test_a_script_with_the_suffix_of_an_image_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    path.write_text("%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    with pytest.raises(SourceFormatError):
        ImageSource(path)


def test_what_holds_no_image_gets_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"There is no .*missing\.png"):
        ImageSource(tmp_path / "missing.png")
    with pytest.raises(SourceFormatError, match=r"holds no image .*\.png"):
        ImageSource(tmp_path)
    (tmp_path / "1.png").write_text("no image")
    with pytest.raises(SourceFormatError, match=r"No image of .* can be read"):
        ImageSource(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every folder")
def test_a_folder_without_permission_names_the_repair(tmp_path: Path) -> None:
    tmp_path.chmod(0)
    try:
        with pytest.raises(SourceError, match="permission"):
            ImageSource(tmp_path)
    finally:
        tmp_path.chmod(0o700)
