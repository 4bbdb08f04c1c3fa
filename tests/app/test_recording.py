"""Recordings of live video: every frame at its own time, in the picture alone, whatever happens."""

from __future__ import annotations

import shutil
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.frame import Frame
from app.sinks.base import DiskFullError, SinkError
from app.sinks.free_space import STOP_BYTES
from app.sinks.recording import LONGEST_GAP_S, LONGEST_PART_S, Recording
from app.sources.base import SourceInfo
from app.sources.live_times import TIME_BASE
from models.geometry import Area
from models.picture import ColourMatrix, Picture, PixelFormat
from models.regions import Findings, find_regions
from models.segmentation import Segmentation
from tests.app.command import decoded
from tests.app.drawn_findings import FORMS, discs, noise, segmented
from tests.app.full_disk import largest_file
from tests.app.recorded import luma_of, numbered, numbers_and_times, table_of
from tests.models.pictures import Form, as_picture
from tests.models.test_picture_area import screen

SIZE = (320, 240)
NV12: Form = (PixelFormat.NV12, ColourMatrix.BT709, False)
SOURCE = SourceInfo("card", *SIZE, Fraction(60), TIME_BASE, live=True)
VARIABLE_US = [7, 16_673, 33_340, 33_341, 900_000, 916_667, 5_000_001]
"""Times of a source whose rate varies, in microseconds."""


def find(segmentation: Segmentation) -> Findings:
    return find_regions(segmentation, threshold=0.5, least_area=0.0)


def recording(folder: Path) -> Recording:
    return Recording(folder, "now", find)


def frame_of(picture: Picture, index: int, pts_s: float) -> Frame:
    return Frame(picture, index, pts_s, captured_ns=round(pts_s * 1e9))


def test_nothing_is_made_before_the_first_frame(tmp_path: Path) -> None:
    sink = recording(tmp_path / "PolypLens")
    sink.close()
    assert list((tmp_path / "PolypLens").iterdir()) == []
    assert sink.videos == ()


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[0].value}-{form[1].value}")
def test_every_frame_keeps_its_picture_and_its_time(tmp_path: Path, form: Form) -> None:
    sink = recording(tmp_path)
    for number, time_us in enumerate(VARIABLE_US):
        sink.write(frame_of(numbered(number, form), number, time_us / 1e6), SOURCE)
    sink.close()
    (video,) = sink.videos
    numbers, times = numbers_and_times(video)
    assert numbers == list(range(len(VARIABLE_US)))
    assert times == [Fraction(time_us - VARIABLE_US[0], 1_000_000) for time_us in VARIABLE_US]


def test_what_lies_outside_the_endoscope_picture_is_black(tmp_path: Path) -> None:
    shown = Area(560, 20, 1300, 1040)
    picture = as_picture(screen(shown), PixelFormat.NV12)
    assert picture.luma_plane()[:, :500].max() > 200  # the patient's name
    sink = recording(tmp_path)
    for index in range(3):
        sink.write(frame_of(picture, index, index / 60), SOURCE)
    sink.close()
    assert sink.picture_found
    for frame in decoded(sink.videos[0]):
        luma = luma_of(frame)
        assert luma[:, :500].max() <= 24
        middle = np.s_[400:700, 900:1400]
        assert abs(luma[middle].mean() - picture.luma_plane()[middle].mean()) < 3


def test_everything_is_black_until_the_picture_is_found(tmp_path: Path) -> None:
    text = np.zeros((480, 640, 3), np.uint8)
    cv2.putText(text, "DOE, JANE", (12, 60), cv2.FONT_HERSHEY_SIMPLEX, 1.5, (230, 230, 230), 3)
    dark, light = as_picture(text, PixelFormat.NV12), numbered(7, NV12, (640, 480))
    sink = recording(tmp_path)
    for index in range(5):
        sink.write(frame_of(dark, index, index / 60), SOURCE)
    assert not sink.picture_found
    sink.write(frame_of(light, 5, 5 / 60), SOURCE)
    sink.close()
    assert sink.picture_found
    *before, after = decoded(sink.videos[0])
    assert [int(luma_of(frame).max()) for frame in before] == [16] * 5
    assert luma_of(after).max() > 200


@pytest.mark.parametrize(
    "other",
    [
        numbered(1, NV12, (160, 120)),
        numbered(1, (PixelFormat.UYVY422, ColourMatrix.BT709, False)),
        numbered(1, (PixelFormat.NV12, ColourMatrix.BT601, False)),
        numbered(1, (PixelFormat.NV12, ColourMatrix.BT709, True)),
    ],
    ids=["size", "format", "matrix", "range"],
)
def test_another_size_or_format_goes_on_in_another_file(tmp_path: Path, other: Picture) -> None:
    sink = recording(tmp_path)
    first = numbered(0, NV12)
    for index, picture in enumerate((first, first, other, other, other, first)):
        sink.write(frame_of(picture, index, 1 + index / 60), SOURCE)
    sink.close()
    assert [path.name for path in sink.videos] == ["now.mp4", "now-2.mp4", "now-3.mp4"]
    read = [numbers_and_times(path) for path in sink.videos]
    assert [numbers for numbers, _ in read] == [[0, 0], [1, 1, 1], [0]]
    assert [times[0] for _, times in read] == [0, 0, 0]


def test_a_short_loss_stays_a_gap_and_a_long_one_begins_another_file(tmp_path: Path) -> None:
    sink = recording(tmp_path)
    short_s, long_s = LONGEST_GAP_S - 0.1, LONGEST_GAP_S + 0.1
    for number, pts_s in enumerate((0.0, short_s, short_s + long_s)):
        sink.write(frame_of(numbered(number, NV12), number, pts_s), SOURCE)
    sink.close()
    read = [numbers_and_times(path) for path in sink.videos]
    assert [numbers for numbers, _ in read] == [[0, 1], [2]]
    assert read[0][1] == [0, Fraction(round(short_s * 1_000_000), 1_000_000)]


def test_another_part_does_not_show_what_the_picture_of_the_one_before_covered(
    tmp_path: Path,
) -> None:
    beside = as_picture(screen(Area(560, 20, 1300, 1040)), PixelFormat.NV12)
    sink = recording(tmp_path)
    sink.write(frame_of(numbered(0, NV12, (1920, 1080)), 0, 0.0), SOURCE)
    sink.write(frame_of(beside, 1, LONGEST_GAP_S + 1), SOURCE)
    sink.close()
    (frame,) = decoded(sink.videos[1])
    assert luma_of(frame)[:, :500].max() <= 24


def test_after_an_hour_the_next_file_goes_on_with_the_picture_known(tmp_path: Path) -> None:
    sink = recording(tmp_path)
    step_s = LONGEST_PART_S / 400
    for index in range(400):
        sink.write(frame_of(numbered(index % 10, NV12), index, index * step_s), SOURCE)
    dark = as_picture(np.full((240, 320, 3), 9, np.uint8), PixelFormat.NV12)
    for index in range(400, 402):
        sink.write(frame_of(dark, index, index * step_s), SOURCE)
    sink.close()
    first, second = sink.videos
    assert [path.name for path in sink.videos] == ["now.mp4", "now-2.mp4"]
    numbers, _ = numbers_and_times(first)
    assert numbers == [index % 10 for index in range(400)]
    # Looked for anew, a picture this dark would not be found, and all of it be black (luma 16).
    assert [int(np.median(luma_of(frame))) > 18 for frame in decoded(second)] == [True, True]


def test_the_table_says_what_was_marked_on_the_frames_of_its_video(tmp_path: Path) -> None:
    sink = recording(tmp_path)
    width, height = SIZE
    for index in (10, 11, 13):  # 12 was left out
        sink.write(frame_of(numbered(index, NV12), index, index / 50), SOURCE)
    for index, probability in ((9, discs()), (10, discs((100, 100, 40))), (12, discs())):
        sink.mark(segmented(probability, height, width, index=index))
    sink.mark(segmented(discs(), height, width, index=13))
    sink.close()
    first, second = table_of(sink.videos[0])
    assert (first["index"], first["time_s"], first["regions"]) == ("0", "0.0", "1")
    assert first["boxes"]
    assert (second["index"], second["regions"], second["boxes"]) == ("2", "0", "")
    assert float(second["time_s"]) == pytest.approx(3 / 50)


def test_a_full_disk_keeps_what_was_recorded(tmp_path: Path) -> None:
    folder = tmp_path / "PolypLens"
    sink = recording(folder)
    written = 0
    with largest_file(8_000_000):
        with pytest.raises(DiskFullError, match="disk is full: PolypLens/now"):
            while written < 1000:
                picture = noise(NV12, 240, 320, written)
                sink.write(frame_of(picture, written, written / 60), SOURCE)
                written += 1
        with pytest.raises(DiskFullError):
            sink.close()
    assert 0 < len(decoded(sink.videos[0])) < written


def test_a_disk_without_room_for_a_picture_keeps_nothing(tmp_path: Path) -> None:
    sink = recording(tmp_path)
    with largest_file(200):
        with pytest.raises(DiskFullError):
            for index in range(200):
                sink.write(frame_of(noise(NV12, 240, 320, index), index, index / 60), SOURCE)
        with pytest.raises(DiskFullError):
            sink.close()
    assert sink.videos == ()
    assert list(tmp_path.iterdir()) == []


def test_scarce_room_is_said_and_too_little_ends_the_recording(small_disk: Path) -> None:
    sink = recording(small_disk)
    assert "GB are left" in sink.warning
    sink.write(frame_of(numbered(0, NV12), 0, 0.0), SOURCE)
    (small_disk / "filler").write_bytes(bytes(shutil.disk_usage(small_disk).free - STOP_BYTES + 1))
    with pytest.raises(DiskFullError, match="nearly full"):
        recording(small_disk)
    sink.close()
    assert numbers_and_times(sink.videos[0])[0] == [0]


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "PolypLens").write_bytes(b"a file")
    with pytest.raises(SinkError, match=r"PolypLens cannot be written .*check the output folder"):
        recording(tmp_path / "PolypLens")
