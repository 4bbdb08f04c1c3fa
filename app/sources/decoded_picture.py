"""From a decoded frame to a picture: as few conversions as the stream allows."""

from __future__ import annotations

import numpy as np
from av.video.frame import VideoFrame
from av.video.plane import VideoPlane
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

from models.picture import ColourMatrix, Picture, PixelFormat

# Values of AVColorSpace, ITU-T H.273 table 4.
_H273_BT709 = 1
_H273_UNSPECIFIED = 2
_H273_BT601 = (5, 6)

EIGHT_BIT_420 = {
    "yuv420p": PixelFormat.YUV420P,
    "yuvj420p": PixelFormat.YUV420P,
    "nv12": PixelFormat.NV12,
}
"""What is copied as it is, by FFmpeg's name."""
_INTERPOLATION = Interpolation.BILINEAR | Interpolation.ACCURATE_RND


class PictureMaker:
    """Makes pictures of one stream's frames. Belongs to one thread.

    8-bit 4:2:0 is copied. Other YUV is converted to it. RGB24 is what has no chroma to keep, or an
    odd size, which YUV420P cannot hold.

    Args:
        rotation: degrees clockwise by which every picture is turned: 0, 90, 180 or 270.
    """

    def __init__(self, rotation: int) -> None:
        self._quarter_turns = -rotation // 90  # counter-clockwise, as numpy counts
        self._reformatter = VideoReformatter()

    def picture(self, frame: VideoFrame) -> Picture:
        """A picture that shares no memory with ``frame``; its pixels are read-only.

        Raises:
            av.FFmpegError, ValueError, MemoryError: the frame cannot be converted.
        """
        if frame.width % 2 or frame.height % 2 or not _is_yuv(frame):
            return self._rgb24(frame)
        matrix, full_range = _matrix(frame), _is_full_range(frame)
        if frame.format.name not in EIGHT_BIT_420 or matrix is None:
            value_range = ColorRange.JPEG if full_range else ColorRange.MPEG
            frame = self._reformatter.reformat(
                frame,
                format="yuv420p",
                src_colorspace=None if matrix is None else _sws_matrix(matrix),
                dst_colorspace=_sws_matrix(matrix or ColourMatrix.BT709),
                src_color_range=value_range,
                dst_color_range=value_range,
                interpolation=_INTERPOLATION,
                threads=1,
            )
        return Picture(
            self._packed(frame),
            EIGHT_BIT_420[frame.format.name],
            matrix or ColourMatrix.BT709,
            full_range,
        )

    def _packed(self, frame: VideoFrame) -> NDArray[np.uint8]:
        """The planes of 8-bit 4:2:0, turned, one after the other as in ``PixelFormat``."""
        height, width = frame.height, frame.width
        if self._quarter_turns % 2:
            height, width = width, height
        packed = np.empty((height * 3 // 2, width), np.uint8)
        room = packed.reshape(-1)
        planes = frame.planes
        for index, plane in enumerate(planes):
            # U and V lie in the last two planes, or side by side in one.
            channels = 2 if index and len(planes) == 2 else 1
            samples = _rows(plane, plane.width * channels).reshape(plane.height, -1, channels)
            turned = np.rot90(samples, self._quarter_turns)
            np.copyto(room[: turned.size].reshape(turned.shape), turned)
            room = room[turned.size :]
        packed.setflags(write=False)
        return packed

    def _rgb24(self, frame: VideoFrame) -> Picture:
        matrix = _matrix(frame) if _is_yuv(frame) else None
        limited = _is_yuv(frame) and not _is_full_range(frame)
        rgb = self._reformatter.reformat(
            frame,
            format="rgb24",
            src_colorspace=None if matrix is None else _sws_matrix(matrix),
            src_color_range=ColorRange.MPEG if limited else ColorRange.JPEG,
            dst_color_range=ColorRange.JPEG,
            interpolation=_INTERPOLATION,
            threads=1,
        )
        rows = _rows(rgb.planes[0], rgb.width * 3).reshape(rgb.height, rgb.width, 3)
        pixels = np.array(np.rot90(rows, self._quarter_turns), order="C")
        pixels.setflags(write=False)
        return Picture(pixels)


def _rows(plane: VideoPlane, row_bytes: int) -> NDArray[np.uint8]:
    """(rows, row_bytes) view of a plane, without the padding that ends its lines."""
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return lines[: plane.height, :row_bytes]


def _is_yuv(frame: VideoFrame) -> bool:
    # Grey has one component, grey with alpha two, a palette one.
    name = frame.format.name
    return name in EIGHT_BIT_420 or (not frame.format.is_rgb and len(frame.format.components) > 2)


def _matrix(frame: VideoFrame) -> ColourMatrix | None:
    """The frame's own matrix; None for one that ``Picture`` does not know, such as BT.2020."""
    tag = int(frame.colorspace)
    if tag == _H273_UNSPECIFIED:
        return ColourMatrix.untagged(frame.height)
    if tag == _H273_BT709:
        return ColourMatrix.BT709
    return ColourMatrix.BT601 if tag in _H273_BT601 else None


def _is_full_range(frame: VideoFrame) -> bool:
    return frame.color_range == ColorRange.JPEG or frame.format.name.startswith("yuvj")


def _sws_matrix(matrix: ColourMatrix) -> Colorspace:
    return Colorspace.ITU709 if matrix is ColourMatrix.BT709 else Colorspace.ITU601
