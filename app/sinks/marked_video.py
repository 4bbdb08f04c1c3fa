"""The marked video: H.264 in MP4, with the source's frame times."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from app.sinks.video_file import Encoding, StreamShape, VideoFile
from app.sources.base import SourceInfo
from models.picture import ColourMatrix, Picture, PixelFormat

_X264 = {
    # Half the time of "veryfast", for files a fifth larger: the network needs the processor.
    "preset": "ultrafast",
    # The preset leaves the deblocking filter out; it costs next to nothing and shows.
    "x264-params": "deblock=0,0",
    # No frame refers to a later one: no time is shifted, a crash costs one fragment.
    "tune": "zerolatency",
    "crf": "20",
}
_COLORSPACES = {ColourMatrix.BT601: Colorspace.ITU601, ColourMatrix.BT709: Colorspace.ITU709}


class MarkedVideo:
    """Pictures of one size and format in, ``path`` out.

    4:2:0 pictures go to the encoder as they are. RGB pictures become limited-range BT.709; where a
    side is odd, which 4:2:0 cannot be, the last row or column is repeated.

    Raises:
        SinkError: ``path`` cannot be made.
    """

    def __init__(self, path: Path, source: SourceInfo, first: Picture) -> None:
        self._converter = VideoReformatter()
        is_rgb = first.pixel_format is PixelFormat.RGB24
        encoding = Encoding(
            container="mp4",
            codec="libx264",
            pixel_format="yuv420p" if is_rgb else first.pixel_format.value,
            options=_X264,
        )
        shape = StreamShape(
            width=first.width + first.width % 2,
            height=first.height + first.height % 2,
            rate=source.rate,
            time_base=source.time_base,
            colorspace=Colorspace.ITU709 if is_rgb else _COLORSPACES[first.matrix],
            color_range=ColorRange.JPEG if first.full_range and not is_rgb else ColorRange.MPEG,
        )
        self._file = VideoFile(path, encoding, shape)

    def write(self, picture: Picture, time_s: float) -> None:
        """Appends ``picture``, shown at ``time_s``.

        Raises:
            SinkError: it cannot be written.
        """
        if picture.pixel_format is PixelFormat.RGB24:
            frame = self._in_yuv420p(picture)
        else:
            frame = av.VideoFrame.from_ndarray(picture.pixels, format=picture.pixel_format.value)
        self._file.write(frame, time_s)

    def close(self) -> None:
        """Completes the file.

        Raises:
            SinkError: the end could not be written; what was written before stays playable.
        """
        self._file.close()

    def _in_yuv420p(self, picture: Picture) -> av.VideoFrame:
        odd_rows, odd_columns = picture.height % 2, picture.width % 2
        even = np.pad(picture.pixels, ((0, odd_rows), (0, odd_columns), (0, 0)), mode="edge")
        return self._converter.reformat(
            av.VideoFrame.from_ndarray(even, format="rgb24"),
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
