"""What replay writes of a video: the masks as a video, and the marked video."""

from __future__ import annotations

import logging
from contextlib import ExitStack
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from app.frame import Frame
from app.sinks.mask_video import MaskVideo
from app.sinks.picture_video import PictureVideo
from app.sources.base import SourceInfo
from models.picture import Picture

_log = logging.getLogger(__name__)


class VideoFiles:
    """``masks.mov`` and ``marked.mp4`` in ``folder``; they appear with the first frame.

    Each file begins at time 0. Where the source changes its resolution, which no file can follow,
    ``masks-2.mov`` and ``marked-2.mp4`` go on, and so forth.
    """

    def __init__(self, folder: Path, source: SourceInfo) -> None:
        self._folder = folder
        self._source = source
        self._parts = 0
        self._form: tuple[object, ...] = ()
        self._masks: MaskVideo
        self._marked: PictureVideo
        self._open = ExitStack()

    def write(self, frame: Frame, mask: NDArray[np.uint8], marked: Picture | None) -> None:
        """Appends ``frame``'s mask, (height, width), 0 or 255, and its marked picture, if any.

        Raises:
            SinkError: one of them cannot be written.
        """
        picture = frame.picture
        form = (picture.width, picture.height, picture.pixel_format)
        if form != self._form:
            self._begin_part(frame, marked)
            self._form = form
        self._masks.write(mask, frame.pts_s)
        if marked is not None:
            self._marked.write(marked, frame.pts_s)

    def close(self) -> None:
        """Completes every file that was begun, whatever became of the others.

        Raises:
            SinkError: one of them could not be completed.
        """
        self._open.close()

    def _begin_part(self, frame: Frame, marked: Picture | None) -> None:
        self._open.close()
        self._parts += 1
        suffix = "" if self._parts == 1 else f"-{self._parts}"
        if suffix:
            _log.warning(
                "The resolution changes to %dx%d at %.2f s: masks%s.mov goes on from there.",
                frame.picture.width,
                frame.picture.height,
                frame.pts_s,
                suffix,
            )
        self._masks = MaskVideo(self._folder / f"masks{suffix}.mov", self._source, frame.picture)
        self._open.callback(self._masks.close)
        if marked is not None:
            self._marked = PictureVideo(self._folder / f"marked{suffix}.mp4", self._source, marked)
            self._open.callback(self._marked.close)
