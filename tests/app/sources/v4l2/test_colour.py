"""Matrix and range, from what a driver fills in."""

from __future__ import annotations

import sys

import pytest

from models.picture import ColourMatrix

if sys.platform != "linux":
    pytest.skip("V4L2 is of Linux", allow_module_level=True)

from linuxpy.video import raw

from app.sources.v4l2.colour import colour_of

SPACE, ENCODING, RANGE = raw.Colorspace, raw.YcbcrEncoding, raw.Quantization


@pytest.mark.parametrize(
    ("space", "encoding", "matrix"),
    [
        (SPACE.SRGB, ENCODING.DEFAULT, ColourMatrix.BT601),
        (SPACE.SMPTE170M, ENCODING.DEFAULT, ColourMatrix.BT601),
        (SPACE.REC709, ENCODING.DEFAULT, ColourMatrix.BT709),
        (SPACE.BT2020, ENCODING.DEFAULT, ColourMatrix.BT709),
        (SPACE.REC709, ENCODING._601, ColourMatrix.BT601),
        (SPACE.SMPTE170M, ENCODING._709, ColourMatrix.BT709),
        (SPACE.REC709, ENCODING.XV601, ColourMatrix.BT601),
        (SPACE.SRGB, ENCODING.XV709, ColourMatrix.BT709),
    ],
)
def test_the_encoding_decides_and_then_the_colour_space(
    space: int, encoding: int, matrix: ColourMatrix
) -> None:
    pixels = raw.v4l2_pix_format(height=1080, colorspace=space, ycbcr_enc=encoding)
    assert colour_of(pixels)[0] is matrix


@pytest.mark.parametrize(("height", "matrix"), [(1080, "bt709"), (720, "bt709"), (576, "bt601")])
def test_a_driver_that_says_nothing_is_judged_by_its_height(height: int, matrix: str) -> None:
    assert colour_of(raw.v4l2_pix_format(height=height)) == (ColourMatrix(matrix), False)


@pytest.mark.parametrize(
    ("space", "quantization", "full"),
    [
        (SPACE.REC709, RANGE.DEFAULT, False),
        (SPACE.JPEG, RANGE.DEFAULT, True),
        (SPACE.JPEG, RANGE.LIM_RANGE, False),
        (SPACE.REC709, RANGE.FULL_RANGE, True),
    ],
)
def test_the_range_is_the_drivers(space: int, quantization: int, full: bool) -> None:
    pixels = raw.v4l2_pix_format(height=1080, colorspace=space, quantization=quantization)
    assert colour_of(pixels)[1] == full
