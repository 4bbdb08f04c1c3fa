"""What a snapshot leaves on disk."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.sinks.base import DiskFullError, SinkError
from app.sinks.snapshot import Snapshot, write_snapshot
from models.backends.base import BackendInfo
from models.geometry import Area
from models.picture import Picture, PixelFormat
from models.regions import Region
from tests.app.full_disk import largest_file
from tests.models.pictures import as_picture, scene

AREA = Area(8, 4, 32, 20)
RUNTIME = BackendInfo("onnxruntime", "1.0", "a processor", "FP32", "ab" * 32)
TAKEN = datetime(2026, 5, 4, 3, 2, 1, 987654, tzinfo=UTC)


def snapshot(clean: Picture, marked: Picture) -> Snapshot:
    region = Region(10, 6, 5, 4, 18, 0.9)
    return Snapshot(clean, marked, AREA, TAKEN, 1.5, 45, (region,), 0.5, RUNTIME)


def test_two_pictures_and_their_facts(tmp_path: Path) -> None:
    pixels = np.random.default_rng(1).integers(1, 256, (32, 48, 3), dtype=np.uint8)
    marked = pixels.copy()
    marked[6:10, 10:15] = (0, 255, 0)
    path = write_snapshot(snapshot(Picture(pixels), Picture(marked)), tmp_path / "new")
    assert sorted(file.name for file in path.parent.iterdir()) == [
        "20260504T030201.987654Z-clean.png",
        "20260504T030201.987654Z-marked.png",
        "20260504T030201.987654Z.json",
    ]
    facts = json.loads(path.read_text(encoding="utf-8"))
    for name, sha256 in facts["files_sha256"].items():
        assert hashlib.sha256((path.parent / name).read_bytes()).hexdigest() == sha256
    assert facts["taken"] == "2026-05-04T03:02:01.987654+00:00"
    assert (facts["frame_index"], facts["pts_s"], facts["threshold"]) == (45, 1.5, 0.5)
    assert facts["regions"][0]["width"] == 5
    assert facts["runtime"]["model_sha256"] == RUNTIME.model_sha256
    inside = np.s_[4:24, 8:40]
    for kind, wanted in (("clean", pixels), ("marked", marked)):
        written = cv2.imread(str(path.with_name(f"{path.stem}-{kind}.png")))
        assert written is not None
        assert np.array_equal(written[inside][..., ::-1], wanted[inside])
        written[inside] = 0
        assert not written.any()  # a name on the endoscope's screen is not written


@pytest.mark.parametrize("pixel_format", PixelFormat)
def test_colours_are_those_of_the_picture(tmp_path: Path, pixel_format: PixelFormat) -> None:
    picture = as_picture(scene(32, 48), pixel_format)
    path = write_snapshot(snapshot(picture, picture), tmp_path)
    written = cv2.imread(str(path.with_name(f"{path.stem}-clean.png")))
    assert written is not None
    # Beside what was made black, chroma is interpolated with its grey.
    inside = np.s_[6:22, 10:38]
    assert np.array_equal(written[inside][..., ::-1], picture.to_rgb()[inside])


def test_a_full_disk_leaves_no_half_snapshot(tmp_path: Path) -> None:
    plain = Picture(np.zeros((32, 48, 3), np.uint8))
    noise = Picture(np.random.default_rng(1).integers(0, 256, (32, 48, 3), dtype=np.uint8))
    with largest_file(1000), pytest.raises(DiskFullError, match=r"marked\.png.+try again"):
        write_snapshot(snapshot(plain, noise), tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    picture = Picture(np.zeros((32, 48, 3), np.uint8))
    with pytest.raises(SinkError, match="cannot be written"):
        write_snapshot(snapshot(picture, picture), tmp_path / "file")
