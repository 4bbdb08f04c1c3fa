"""The table with one row per frame, as CSV; ``parquet_table`` has it as Parquet.

Columns: ``index`` and ``time_s`` of the frame in the source; ``file``, the image's name, empty for
the frames of a video; ``marked_px`` and ``marked_share`` (of the endoscope's picture);
``peak_probability``, the largest on the frame, marked or not; ``regions``, their number; ``boxes``,
largest region first, in pixels: a list in Parquet, ``x y width height;x y width height`` in CSV.
"""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from app.sinks.base import SinkError, writing
from models.regions import Findings


@dataclass(frozen=True, slots=True)
class TableRow:
    """One row, in the order of the columns."""

    index: int
    time_s: float
    file: str | None
    marked_px: int
    marked_share: float
    peak_probability: float
    regions: int
    boxes: tuple[tuple[int, int, int, int], ...]

    @staticmethod
    def of(index: int, time_s: float, file: str | None, findings: Findings) -> TableRow:
        regions = findings.regions
        return TableRow(
            index,
            time_s,
            file,
            sum(region.area_px for region in regions),
            findings.area_share,
            findings.peak_probability,
            len(regions),
            tuple((region.x, region.y, region.width, region.height) for region in regions),
        )


class CsvTable:
    """Rows in, a CSV file out; after a crash it holds every row but perhaps the last.

    Raises:
        SinkError: ``path`` cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._whole_bytes = 0
        with writing(path):
            self._file = path.open("xb", buffering=0)
        try:
            self._append([column.name for column in fields(TableRow)])
        except SinkError:
            self._file.close()
            raise

    def write(self, row: TableRow) -> None:
        """Appends ``row``; one that does not fit on the disk leaves nothing of itself behind.

        Raises:
            SinkError: it cannot be written.
        """
        boxes = ";".join(" ".join(str(side) for side in box) for box in row.boxes)
        self._append([*list(asdict(row).values())[:-1], boxes])

    def close(self) -> None:
        self._file.close()

    def _append(self, values: list[object]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(values)
        line = text.getvalue().encode()
        with writing(self._path):
            try:
                written = 0
                while written < len(line):
                    written += self._file.write(line[written:])
            except OSError:
                self._file.truncate(self._whole_bytes)
                raise
        self._whole_bytes += len(line)
