"""Where the frames of a replay end: pictures, masks and the table, in one folder."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from app.frame import Annotated
from app.overlay import Marker, draw
from app.screen_text import without_screen_text
from app.sinks.free_space import FreeSpace
from app.sinks.image_files import ImageFiles
from app.sinks.output_folder import CSV_FILE, PARQUET_FILE
from app.sinks.parquet_table import ParquetTable
from app.sinks.table import CsvTable, TableRow
from app.sinks.video_files import VideoFiles
from app.sources.base import SourceInfo
from models.regions import find_regions


@dataclass(frozen=True, slots=True)
class Look:
    """What is marked, and how it looks."""

    threshold: float
    """Probability in [0, 1] from which a pixel counts as polyp."""
    least_area: float
    """Share of the endoscope's picture in [0, 1] that a region's core has to cover."""
    core_margin: float
    """By how much, in logits, a core exceeds the threshold; see ``models.regions``."""
    marker: Marker
    marked_pictures: bool
    """False writes masks and table alone."""
    screen_text: bool
    """True writes what lies outside the endoscope's picture too, patient text included."""


class ReplaySink:
    """A pipeline's sink that writes to ``folder``, which must be claimed.

    Raises:
        SinkError: a file cannot be made.
    """

    def __init__(self, folder: Path, source: SourceInfo, look: Look) -> None:
        self._look = look
        self._folder = folder
        self._source = source
        self._free_space = FreeSpace(folder)
        self._pictures: ImageFiles | VideoFiles | None = None
        self._marked_frames = 0
        with ExitStack() as opened:
            self._csv = CsvTable(folder / CSV_FILE)
            opened.callback(self._csv.close)
            self._parquet = ParquetTable(folder / PARQUET_FILE)
            opened.callback(self._parquet.close)
            self._open = opened.pop_all()

    @property
    def marked_frames(self) -> int:
        """Frames so far on which a region was marked; may be read from any thread."""
        return self._marked_frames

    def write(self, annotated: Annotated) -> None:
        """Writes one segmented frame.

        Raises:
            SinkError: it cannot be written; ``DiskFullError`` in time to complete every file.
        """
        self._free_space.check()
        frame, segmentation = annotated.frame, annotated.segmentation
        assert segmentation is not None, "replay segments every frame"
        look = self._look
        findings = find_regions(segmentation, look.threshold, look.least_area, look.core_margin)
        marked = None
        if self._look.marked_pictures:
            marked = frame.picture
            if not self._look.screen_text:
                marked = without_screen_text(marked, segmentation.picture_area)
            marked = draw(marked, findings, self._look.marker)
        if self._pictures is None:
            self._pictures = (
                ImageFiles(self._folder) if frame.name else VideoFiles(self._folder, self._source)
            )
            self._open.callback(self._pictures.close)
        self._pictures.write(frame, findings.mask, marked)
        row = TableRow.of(frame.index, frame.pts_s, frame.name or None, findings)
        self._csv.write(row)
        self._parquet.write(row)
        self._marked_frames += bool(findings.regions)

    def close(self) -> None:
        """Completes every file, whatever becomes of the others.

        Raises:
            SinkError: one of them could not be completed.
        """
        self._open.close()
