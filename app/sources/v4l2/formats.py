"""The formats that are taken from a capture device, and pictures of their bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import av
import numpy as np
from av.codec.context import CodecContext
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

from app.sources.decoded_picture import PictureMaker
from models.picture import ColourMatrix, Picture, PixelFormat

MJPEG = "MJPG"

FORMATS: dict[str, PixelFormat] = {
    "NV12": PixelFormat.NV12,
    "YU12": PixelFormat.YUV420P,
    "UYVY": PixelFormat.UYVY422,
    "YUYV": PixelFormat.YUYV422,
    "BGR3": PixelFormat.BGR24,
    "RGB3": PixelFormat.RGB24,
    MJPEG: PixelFormat.YUV420P,
}
"""V4L2's names and what becomes of them, the least bytes first, and MJPEG, which loses detail and
takes time to decode, last."""


class PictureReader(Protocol):
    """Makes pictures of what one stream's buffers hold. Belongs to one thread."""

    def picture(self, data: NDArray[np.uint8]) -> Picture | None:
        """A picture that shares no memory with ``data``, (n,); None for a damaged one."""
        ...


@dataclass(frozen=True, slots=True)
class UncompressedReader:
    """Takes the pixels out of lines that may be longer than the picture is wide."""

    pixel_format: PixelFormat
    width: int
    height: int
    bytes_per_line: int
    """Of the first plane, padding included; each chroma line of YUV420P has half as many."""
    matrix: ColourMatrix
    full_range: bool

    def picture(self, data: NDArray[np.uint8]) -> Picture | None:
        planes = self._planes()
        if len(data) < sum(lines * line_bytes for lines, line_bytes, _ in planes):
            return None
        pixels = np.empty(self.pixel_format.shape(self.height, self.width), np.uint8)
        packed = pixels.reshape(-1)
        for lines, line_bytes, used in planes:
            plane, data = data[: lines * line_bytes], data[lines * line_bytes :]
            part, packed = packed[: lines * used], packed[lines * used :]
            np.copyto(part.reshape(lines, used), plane.reshape(lines, line_bytes)[:, :used])
        pixels.setflags(write=False)
        return Picture(pixels, self.pixel_format, self.matrix, self.full_range)

    def _planes(self) -> list[tuple[int, int, int]]:
        """Lines, bytes of each and how many of these are the picture's, of each plane."""
        width, height, stride = self.width, self.height, self.bytes_per_line
        if self.pixel_format is PixelFormat.YUV420P:
            chroma = (height // 2, stride // 2, width // 2)
            return [(height, stride, width), chroma, chroma]
        if self.pixel_format is PixelFormat.NV12:
            return [(height * 3 // 2, stride, width)]
        return [(height, stride, self.pixel_format.line_bytes(width))]


class JpegReader:
    """Decodes Motion-JPEG; whatever FFmpeg finds wrong with a picture makes it a damaged one."""

    def __init__(self) -> None:
        decoder = CodecContext.create("mjpeg", "r")
        assert isinstance(decoder, VideoCodecContext)
        # More threads would each hold a frame back.
        decoder.thread_count = 1
        decoder.options = {"err_detect": "explode"}
        self._decoder = decoder
        self._maker = PictureMaker(rotation=0)

    def picture(self, data: NDArray[np.uint8]) -> Picture | None:
        if len(data) == 0:  # to FFmpeg this would be the end of the video
            return None
        try:
            frames = self._decoder.decode(av.Packet(data.tobytes()))
            return self._maker.picture(frames[0]) if frames else None
        except (av.FFmpegError, ValueError):
            return None
