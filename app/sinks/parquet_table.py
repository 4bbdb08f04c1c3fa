"""The table of ``app.sinks.table``, as Parquet."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict
from pathlib import Path

import pyarrow as pa
from pyarrow import parquet

from app.sinks.base import partial_path, writing
from app.sinks.table import TableRow

_ROWS_PER_GROUP = 2048
"""Rows kept in memory until they go to the Parquet file together."""

_SIDES = ("x", "y", "width", "height")
_SCHEMA = pa.schema(
    [
        pa.field("index", pa.int64(), nullable=False),
        pa.field("time_s", pa.float64(), nullable=False),
        pa.field("file", pa.string()),
        pa.field("marked_px", pa.int64(), nullable=False),
        pa.field("marked_share", pa.float64(), nullable=False),
        pa.field("peak_probability", pa.float64(), nullable=False),
        pa.field("regions", pa.int32(), nullable=False),
        pa.field(
            "boxes",
            pa.list_(pa.struct([pa.field(side, pa.int32(), nullable=False) for side in _SIDES])),
            nullable=False,
        ),
    ]
)


class ParquetTable:
    """Rows in, a Parquet file out. It appears, whole, on ``close``.

    Raises:
        SinkError: ``path`` cannot be made.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = partial_path(path)
        self._rows: list[dict[str, object]] = []
        with writing(path):
            # Given a path, Arrow would ask it to be UTF-8, and might take it for an address.
            self._file = self._partial.open("wb")
            try:
                self._writer = parquet.ParquetWriter(self._file, _SCHEMA)
            except BaseException:
                self._file.close()
                raise

    def write(self, row: TableRow) -> None:
        """Appends ``row``.

        Raises:
            SinkError: the rows so far cannot be written.
        """
        boxes = [dict(zip(_SIDES, box, strict=True)) for box in row.boxes]
        self._rows.append(asdict(row) | {"boxes": boxes})
        if len(self._rows) == _ROWS_PER_GROUP:
            with writing(self._path):
                self._flush()

    def close(self) -> None:
        """Completes the file, or leaves none.

        Raises:
            SinkError: it cannot be completed.
        """
        with writing(self._path):
            try:
                if self._rows:
                    self._flush()
                self._writer.close()
                self._file.close()
                self._partial.rename(self._path)
            finally:
                with closing(self._file):  # which on a full disk fails too
                    self._partial.unlink(missing_ok=True)

    def _flush(self) -> None:
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=_SCHEMA))
        self._rows.clear()
