"""A recording of live video: the endoscope's picture as captured, and beside it what was marked."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from app.frame import Frame
from app.screen_text import without_screen_text
from app.sinks.base import writing
from app.sinks.free_space import FreeSpace
from app.sinks.picture_video import PictureVideo
from app.sinks.table import CsvTable, TableRow
from app.sources.base import SourceInfo
from models.picture_area import PictureAreaTracker
from models.regions import Findings
from models.segmentation import Segmentation

LONGEST_GAP_S = 10.0
"""After a longer one another part begins: another endoscope may have come meanwhile."""
LONGEST_PART_S = 3600.0
"""Then the next part begins: FFmpeg remembers every frame of a file until that is complete. At 60 a
second that measured 73 bytes each, 16 MB an hour, which would add up over a day in the room."""
_MOST_AWAITED = 256
"""Frames for which a segmentation may still come; those before them get none any more."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Of a frame in its part of the recording."""

    frame_index: int
    """In the source."""
    index: int
    time_s: float


class Recording:
    """Frames in, ``NAME.mp4`` and ``NAME.csv`` in ``folder`` out; used by one thread.

    The frames keep their own times, and are not marked. What lies outside the endoscope's picture
    is black, and everything is until it was found. Where the source changes its size or format,
    which no file can follow, and after ``LONGEST_GAP_S`` without a frame, ``NAME-2.mp4`` and
    ``NAME-2.csv`` go on, and the picture is looked for anew. They also do after ``LONGEST_PART_S``,
    where the picture stays.

    The table has a row for each frame whose segmentation came in time: ``index`` and ``time_s`` are
    those in the video beside it.

    Args:
        folder: is made.
        find: what a segmentation marks.

    Raises:
        SinkError: nothing can be written there; ``DiskFullError`` where there is too little room.
    """

    def __init__(self, folder: Path, name: str, find: Callable[[Segmentation], Findings]) -> None:
        with writing(folder):
            folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._name = name
        self._find = find
        self._free_space = FreeSpace(folder)
        self._free_space.check()
        self._videos: list[Path] = []
        self._form: tuple[object, ...] = ()
        self._begun_s = 0.0
        """Of this part, as ``Frame.pts_s``."""
        self._last_s = -math.inf
        self._frames = 0
        """Of this part."""
        self._awaited: deque[_Place] = deque(maxlen=_MOST_AWAITED)
        self._areas = PictureAreaTracker()
        self._picture_found = False
        self._video: PictureVideo
        self._table: CsvTable
        self._open = ExitStack()

    @property
    def videos(self) -> tuple[Path, ...]:
        """Every video so far in which there is a picture."""
        return tuple(path for path in self._videos if path.exists())

    @property
    def picture_found(self) -> bool:
        """Whether anything but black was written."""
        return self._picture_found

    @property
    def warning(self) -> str:
        """One sentence once room is scarce; empty before."""
        return self._free_space.warning

    def write(self, frame: Frame, source: SourceInfo) -> None:
        """Appends the next frame of ``source``; indices and times rise.

        Raises:
            SinkError: it cannot be written; ``DiskFullError`` in time to complete every file.
        """
        self._free_space.check()
        picture = frame.picture
        form = (picture.whole, picture.pixel_format, picture.matrix, picture.full_range)
        another = form != self._form or frame.pts_s - self._last_s > LONGEST_GAP_S
        if another:
            self._form = form
            self._areas = PictureAreaTracker()
        if another or frame.pts_s - self._begun_s >= LONGEST_PART_S:
            self._begin_part(frame, source)
        self._last_s = frame.pts_s
        area = self._areas.update(picture).picture
        self._picture_found |= area is not None
        self._video.write(without_screen_text(picture, area), frame.pts_s)
        self._awaited.append(_Place(frame.index, self._frames, frame.pts_s - self._begun_s))
        self._frames += 1

    def mark(self, segmentation: Segmentation) -> None:
        """Adds the row of the frame that ``segmentation`` is of, if that was written; in order.

        Raises:
            SinkError: it cannot be written.
        """
        while self._awaited and self._awaited[0].frame_index <= segmentation.frame_index:
            place = self._awaited.popleft()
            if place.frame_index == segmentation.frame_index:
                findings = self._find(segmentation)
                self._table.write(TableRow.of(place.index, place.time_s, None, findings))

    def close(self) -> None:
        """Completes the video and the table, whatever becomes of the other.

        Raises:
            SinkError: one of them could not be completed; what was written before stays playable.
        """
        self._open.close()

    def _begin_part(self, frame: Frame, source: SourceInfo) -> None:
        self.close()
        part = len(self._videos) + 1
        name = self._name if part == 1 else f"{self._name}-{part}"
        video, table = self._folder / f"{name}.mp4", self._folder / f"{name}.csv"
        self._open.callback(_remove_alone, table, video)
        self._table = CsvTable(table)
        self._open.callback(self._table.close)
        self._video = PictureVideo(video, source, frame.picture)
        self._videos.append(video)
        self._open.callback(self._video.close)
        self._begun_s = frame.pts_s
        self._frames = 0
        self._awaited.clear()


def _remove_alone(table: Path, video: Path) -> None:
    """Leaves no table of a video in which there was no room for a picture."""
    if not video.exists():
        table.unlink(missing_ok=True)
