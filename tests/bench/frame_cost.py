"""What a 1080p frame costs outside network, decoding and encoding: processor time of one core."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import cv2
from av import VideoFrame

from app.overlay import Marker, draw
from app.screen_text import without_screen_text
from app.sinks.parquet_table import ParquetTable
from app.sinks.table import CsvTable, TableRow
from app.sources.opening import open_source
from models.backends.selection import AUTO, choose_backend
from models.picture_area import PictureAreaTracker
from models.preprocess import model_input
from models.regions import find_regions
from models.segmenter import Segmenter
from models.weights import DEFAULT_WEIGHTS
from tests.bench.clip import recorded_clip
from tests.bench.report import Figure

P = ParamSpec("P")
T = TypeVar("T")

FRAMES = 200
"""Frames measured, of a clip on which polyps come and go."""


def measure() -> list[Figure]:
    """Each step's processor time, mean over the clip's frames, on one thread."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        return _measure()
    finally:
        cv2.setNumThreads(threads)


def _measure() -> list[Figure]:
    backend = choose_backend(AUTO, DEFAULT_WEIGHTS, None)
    spec = backend.spec
    costs: dict[str, list[float]] = {}

    def timed(step: str, work: Callable[P, T], *given: P.args, **named: P.kwargs) -> T:
        begun_ns = time.thread_time_ns()
        result = work(*given, **named)
        costs.setdefault(step, []).append((time.thread_time_ns() - begun_ns) / 1e6)
        return result

    areas = PictureAreaTracker()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_source(str(recorded_clip(450))) as source,
        Segmenter(backend) as segmenter,
    ):
        csv, parquet = CsvTable(Path(folder) / "t.csv"), ParquetTable(Path(folder) / "t.parquet")
        for _ in range(FRAMES):
            frame = source.read()
            assert frame is not None
            picture = frame.picture
            timed("copy from the decoder", picture.pixels.copy)
            area = timed("picture area", areas.update, picture).network
            timed("network input", model_input, picture, area, spec)
            segmentation = segmenter.segment(picture, frame.index)
            findings = timed(
                "findings", find_regions, segmentation, spec.threshold, spec.least_area
            )
            masked = timed("screen text", without_screen_text, picture, area)
            marked = timed("marker", draw, masked, findings, Marker.CONTOUR)
            row = timed("table row", TableRow.of, frame.index, frame.pts_s, None, findings)
            timed("table row to CSV", csv.write, row)
            timed("table row to Parquet", parquet.write, row)
            timed(
                "copy to the encoder",
                VideoFrame.from_ndarray,
                marked.pixels,
                marked.pixel_format.value,
            )
        csv.close()
        parquet.close()
    means = {step: statistics.fmean(values) for step, values in costs.items()}
    return [
        *(Figure(step, value, "ms") for step, value in means.items()),
        Figure("all steps together", sum(means.values()), "ms", at_most=5.0),
    ]
