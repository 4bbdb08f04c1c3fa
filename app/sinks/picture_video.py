"""Pictures, marked or as captured, as a video: H.264 in MP4, with the source's frame times."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from app.sinks.video_file import Encoding, StreamShape, VideoFile
from app.sources.base import SourceInfo
from models.picture import ColourMatrix, Picture

_X264 = {
    # Half the time of "veryfast", for files a fifth larger: the network needs the processor, and
    # live video does not wait.
    "preset": "ultrafast",
    # The preset leaves the deblocking filter out; it costs next to nothing and shows.
    "x264-params": "deblock=0,0",
    # No frame refers to a later one: no time is shifted, a crash costs one fragment.
    "tune": "zerolatency",
    "crf": "20",
}
_COLORSPACES = {ColourMatrix.BT601: Colorspace.ITU601, ColourMatrix.BT709: Colorspace.ITU709}


class PictureVideo:
    """Pictures of one size and format in, ``path`` out.

    4:2:0 pictures go to the encoder as they are. 4:2:2 pictures lose every other row of chroma,
    since few players show that. RGB pictures become limited-range BT.709. Where a side is odd,
    which 4:2:0 cannot be, the last row or column is repeated.

    Raises:
        SinkError: ``path`` cannot be made.
    """

    def __init__(self, path: Path, source: SourceInfo, first: Picture) -> None:
        self._converter = VideoReformatter()
        is_yuv = first.pixel_format.is_yuv
        self._colorspace = _COLORSPACES[first.matrix] if is_yuv else Colorspace.ITU709
        self._color_range = _color_range(is_yuv and first.full_range)
        encoding = Encoding(
            container="mp4",
            codec="libx264",
            pixel_format=first.pixel_format.value if _is_420(first) else "yuv420p",
            options=_X264,
        )
        shape = StreamShape(
            width=first.width + first.width % 2,
            height=first.height + first.height % 2,
            rate=source.rate,
            time_base=source.time_base,
            colorspace=self._colorspace,
            color_range=self._color_range,
        )
        self._file = VideoFile(path, encoding, shape)

    def write(self, picture: Picture, time_s: float) -> None:
        """Appends ``picture``, shown at ``time_s``.

        Raises:
            SinkError: it cannot be written.
        """
        if _is_420(picture):
            frame = av.VideoFrame.from_ndarray(picture.pixels, format=picture.pixel_format.value)
        else:
            frame = self._in_yuv420p(picture)
        self._file.write(frame, time_s)

    def close(self) -> None:
        """Completes the file.

        Raises:
            SinkError: the end could not be written; what was written before stays playable.
        """
        self._file.close()

    def _in_yuv420p(self, picture: Picture) -> av.VideoFrame:
        is_yuv = picture.pixel_format.is_yuv
        return self._converter.reformat(
            _even_frame(picture),
            format="yuv420p",
            src_colorspace=self._colorspace if is_yuv else None,
            dst_colorspace=self._colorspace,
            src_color_range=_color_range(picture.full_range or not is_yuv),
            dst_color_range=self._color_range,
            threads=1,
        )


def _is_420(picture: Picture) -> bool:
    return picture.pixel_format.chroma_step == (2, 2)


def _color_range(is_full: bool) -> ColorRange:
    return ColorRange.JPEG if is_full else ColorRange.MPEG


def _even_frame(picture: Picture) -> av.VideoFrame:
    """``picture``, whose bytes of a pixel lie together, with the last row or column repeated."""
    rows, columns, channels = picture.pixels.shape
    width, height = columns + columns % 2, rows + rows % 2
    frame = av.VideoFrame(width, height, picture.pixel_format.value)
    (plane,) = frame.planes
    lines = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    pixels = lines[:height, : width * channels].reshape(height, width, channels)
    pixels[:rows, :columns] = picture.pixels
    pixels[rows:] = pixels[rows - 1]
    pixels[:, columns:] = pixels[:, columns - 1 : columns]
    return frame
