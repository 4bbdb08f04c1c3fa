"""Which colours a capture device means, in the words of ``Picture``."""

from __future__ import annotations

from linuxpy.video import raw

from models.picture import ColourMatrix

# BT.2020 and SMPTE 240M, which ``Picture`` does not know, are nearest to BT.709.
_BT709_SPACES = (
    raw.Colorspace.REC709,
    raw.Colorspace.DCI_P3,
    raw.Colorspace.BT2020,
    raw.Colorspace.SMPTE240M,
)
_BT601_ENCODINGS = (raw.YcbcrEncoding._601, raw.YcbcrEncoding.XV601, raw.YcbcrEncoding.SYCC)


def colour_of(pixels: raw.v4l2_pix_format) -> tuple[ColourMatrix, bool]:
    """Matrix and whether the range is full, of the YUV format that a driver has set.

    What it leaves open follows from the colour space, as V4L2's own defaults do (videodev2.h,
    V4L2_MAP_YCBCR_ENC_DEFAULT and V4L2_MAP_QUANTIZATION_DEFAULT).
    """
    if pixels.quantization == raw.Quantization.DEFAULT:
        full_range = pixels.colorspace == raw.Colorspace.JPEG
    else:
        full_range = pixels.quantization == raw.Quantization.FULL_RANGE
    return _matrix(pixels), full_range


def _matrix(pixels: raw.v4l2_pix_format) -> ColourMatrix:
    if pixels.ycbcr_enc != raw.YcbcrEncoding.DEFAULT:
        is_bt709 = pixels.ycbcr_enc not in _BT601_ENCODINGS
    elif pixels.colorspace != raw.Colorspace.DEFAULT:
        is_bt709 = pixels.colorspace in _BT709_SPACES
    else:
        return ColourMatrix.untagged(pixels.height)
    return ColourMatrix.BT709 if is_bt709 else ColourMatrix.BT601
