"""Pictures of a buffer's bytes."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from app.sources.v4l2.formats import FORMATS, MJPEG, JpegReader, UncompressedReader
from models.picture import ColourMatrix, Picture, PixelFormat

WIDTH, HEIGHT, PADDING = 16, 6, 4
PLANES = {
    PixelFormat.NV12: [(HEIGHT * 3 // 2, WIDTH)],
    PixelFormat.YUV420P: [(HEIGHT, WIDTH), (HEIGHT // 2, WIDTH // 2), (HEIGHT // 2, WIDTH // 2)],
    PixelFormat.UYVY422: [(HEIGHT, WIDTH * 2)],
    PixelFormat.YUYV422: [(HEIGHT, WIDTH * 2)],
    PixelFormat.BGR24: [(HEIGHT, WIDTH * 3)],
    PixelFormat.RGB24: [(HEIGHT, WIDTH * 3)],
}
"""Rows and bytes of each, of every plane."""


def reader(pixel_format: PixelFormat, padding: int) -> UncompressedReader:
    stride = PLANES[pixel_format][0][1] + padding
    return UncompressedReader(pixel_format, WIDTH, HEIGHT, stride, ColourMatrix.BT601, True)


def planes_of(pixel_format: PixelFormat) -> list[NDArray[np.uint8]]:
    generator = np.random.default_rng(1)
    return [generator.integers(0, 256, shape, np.uint8) for shape in PLANES[pixel_format]]


def padded(planes: list[NDArray[np.uint8]], padding: int) -> NDArray[np.uint8]:
    """As a driver lays them out; each further plane has half the padding of the first."""
    widths = [padding, *(padding // 2 for _ in planes[1:])]
    lines = [
        np.pad(plane, ((0, 0), (0, width)), constant_values=255)
        for plane, width in zip(planes, widths, strict=True)
    ]
    return np.concatenate([plane.reshape(-1) for plane in lines])


@pytest.mark.parametrize("padding", [0, PADDING])
@pytest.mark.parametrize("pixel_format", PLANES)
def test_padding_is_left_out(pixel_format: PixelFormat, padding: int) -> None:
    planes = planes_of(pixel_format)
    data = padded(planes, padding)
    picture = reader(pixel_format, padding).picture(data)
    assert picture is not None
    assert (picture.width, picture.height) == (WIDTH, HEIGHT)
    assert picture.pixel_format is pixel_format
    assert (picture.matrix, picture.full_range) == (ColourMatrix.BT601, True)
    expected = np.concatenate([plane.reshape(-1) for plane in planes])
    assert np.array_equal(picture.pixels.reshape(-1), expected)


@pytest.mark.parametrize("pixel_format", PLANES)
def test_a_picture_is_its_own_and_nobody_writes_to_it(pixel_format: PixelFormat) -> None:
    data = padded(planes_of(pixel_format), 0)
    picture = reader(pixel_format, 0).picture(data)
    assert picture is not None
    before = picture.pixels.copy()
    data[:] = 0
    assert np.array_equal(picture.pixels, before)
    assert not picture.pixels.flags.writeable


@pytest.mark.parametrize("pixel_format", PLANES)
def test_half_a_frame_is_none(pixel_format: PixelFormat) -> None:
    data = padded(planes_of(pixel_format), PADDING)
    for length in (0, 1, len(data) // 2, len(data) - 1):
        assert reader(pixel_format, PADDING).picture(data[:length]) is None


def test_every_format_but_mjpeg_has_a_layout_of_its_own() -> None:
    uncompressed = {wanted for fourcc, wanted in FORMATS.items() if fourcc != MJPEG}
    assert uncompressed == set(PLANES)
    assert list(FORMATS)[-1] == MJPEG


def jpeg(rgb: NDArray[np.uint8], pixel_format: str) -> NDArray[np.uint8]:
    height, width, _ = rgb.shape
    encoder = av.CodecContext.create("mjpeg", "w")
    assert isinstance(encoder, VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, pixel_format
    encoder.time_base = Fraction(1, 30)
    frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format=pixel_format)
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    return np.frombuffer(b"".join(bytes(packet) for packet in packets), np.uint8)


def bars() -> NDArray[np.uint8]:
    """(96, 128, 3) RGB, eight colours side by side."""
    colours = np.array([[r, g, b] for r in (40, 220) for g in (40, 220) for b in (40, 220)])
    return np.broadcast_to(np.repeat(colours, 16, axis=0), (96, 128, 3)).astype(np.uint8)


@pytest.mark.parametrize("pixel_format", ["yuvj422p", "yuvj420p"])
def test_mjpeg_becomes_yuv420p_in_the_right_colours(pixel_format: str) -> None:
    decoder = JpegReader()
    for _ in range(3):
        picture = decoder.picture(jpeg(bars(), pixel_format))
        assert picture is not None
        assert picture.pixel_format is PixelFormat.YUV420P
        assert picture.full_range
        assert_bars(picture)


def test_mjpeg_with_padding_behind_it_is_whole() -> None:
    data = np.concatenate([jpeg(bars(), "yuvj422p"), np.zeros(512, np.uint8)])
    picture = JpegReader().picture(data)
    assert picture is not None
    assert_bars(picture)


def test_a_cut_or_damaged_jpeg_is_none_and_the_next_one_is_whole() -> None:
    decoder = JpegReader()
    whole = jpeg(bars(), "yuvj422p")
    for share in (0.0, 0.1, 0.5, 0.9):
        assert decoder.picture(whole[: int(len(whole) * share)]) is None
    assert decoder.picture(np.random.default_rng(2).integers(0, 256, 5000, np.uint8)) is None
    picture = decoder.picture(whole)
    assert picture is not None
    assert_bars(picture)


def assert_bars(picture: Picture) -> None:
    middles = [16 * bar + 8 for bar in range(8)]
    got = picture.to_rgb()[48, middles].astype(np.int16)
    assert np.abs(got - bars()[48, middles]).max() <= 6
