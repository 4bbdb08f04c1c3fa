"""Every format gives the same picture, and every frame is one's own."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from app.sources.v4l2.formats import FORMATS, MJPEG
from models.picture import ColourMatrix, PixelFormat
from tests.app.sources.reading import frames_of
from tests.capture.vivid import card
from tests.capture.vivid.card import Input
from tests.capture.vivid.reading import SMALL, open_card

NO_TEXT = 2
UNCOMPRESSED = {fourcc: wanted for fourcc, wanted in FORMATS.items() if fourcc != MJPEG}
BT601, BT709 = 1, 2
FULL, LIMITED = 1, 2
BAR_MIDDLES = [(2 * bar + 1) * SMALL[0] // 16 for bar in range(8)]


def bars(pixel_format: PixelFormat) -> NDArray[np.int16]:
    """(8, 3) RGB of the eight colour bars of the card's picture."""
    card.set_control("OSD Text Mode", NO_TEXT)
    with open_card(pixel_format=pixel_format) as camera:
        picture = frames_of(camera, 1)[0].picture
    assert picture.pixel_format is pixel_format
    return picture.to_rgb()[SMALL[1] // 2, BAR_MIDDLES].astype(np.int16)


@pytest.mark.parametrize("fourcc", UNCOMPRESSED)
def test_every_format_shows_the_same_colours(fourcc: str) -> None:
    expected = bars(PixelFormat.RGB24)
    assert len(np.unique(expected, axis=0)) == 8
    assert np.abs(bars(UNCOMPRESSED[fourcc]) - expected).max() <= 3


@pytest.mark.parametrize("encoding", [BT601, BT709])
@pytest.mark.parametrize("quantization", [FULL, LIMITED])
def test_matrix_and_range_are_the_drivers(encoding: int, quantization: int) -> None:
    expected = bars(PixelFormat.RGB24)
    card.set_control("Y'CbCr Encoding", encoding)
    card.set_control("Quantization", quantization)
    assert np.abs(bars(PixelFormat.NV12) - expected).max() <= 3
    with open_card(pixel_format=PixelFormat.NV12) as camera:
        picture = frames_of(camera, 1)[0].picture
    assert picture.matrix is (ColourMatrix.BT601 if encoding == BT601 else ColourMatrix.BT709)
    assert picture.full_range == (quantization == FULL)


def test_high_definition_is_bt709_and_standard_definition_bt601() -> None:
    card.choose_input(Input.HDMI)
    with open_card() as camera:
        assert frames_of(camera, 1)[0].picture.matrix is ColourMatrix.BT709
    card.choose_input(Input.S_VIDEO)
    with open_card() as camera:
        assert frames_of(camera, 1)[0].picture.matrix is ColourMatrix.BT601


def test_a_picture_outlives_the_next_ones_and_the_camera() -> None:
    with open_card() as camera:
        frames = frames_of(camera, 12)
        copies = [frame.picture.pixels.copy() for frame in frames]
    for frame, copy in zip(frames, copies, strict=True):
        assert np.array_equal(frame.picture.pixels, copy)
        assert not frame.picture.pixels.flags.writeable
    # The counter in its corner makes each a picture of its own.
    assert len({copy.tobytes() for copy in copies}) == len(copies)


def test_information_is_what_the_frames_are() -> None:
    with open_card() as camera:
        info = camera.info
        picture = frames_of(camera, 1)[0].picture
    assert (info.name, info.codec, info.live) == ("vivid", "NV12", True)
    assert (picture.width, picture.height) == (info.width, info.height) == SMALL
