"""The writers: lossless, with the source's times, and valid whatever happens to them."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PIL import Image
from pyarrow import parquet

from app.frame import Annotated, Frame
from app.overlay import Marker, draw
from app.sinks.base import DiskFullError, SinkError
from app.sinks.free_space import STOP_BYTES, FreeSpace
from app.sinks.image_files import ImageFiles
from app.sinks.mask_video import MaskVideo
from app.sinks.output_folder import claim, clear, output_folders
from app.sinks.parquet_table import ParquetTable
from app.sinks.picture_video import PictureVideo
from app.sinks.replay_sink import Look, ReplaySink
from app.sinks.table import CsvTable, TableRow
from app.sinks.video_files import VideoFiles
from app.sources.base import SourceInfo
from models.picture import ColourMatrix, Picture, PixelFormat
from tests.app.command import times
from tests.app.drawn_findings import FORMS, discs, found, noise, segmented
from tests.app.full_disk import largest_file
from tests.locations import ROOT
from tests.models.pictures import Form, as_picture

YUV = FORMS[1]
HEIGHT, WIDTH = 96, 128
LOOK = Look(0.5, 0.0, 0.0, Marker.CONTOUR, marked_pictures=True, screen_text=False)


def source_info(
    width: int = WIDTH, height: int = HEIGHT, time_base: Fraction = Fraction(1, 30)
) -> SourceInfo:
    return SourceInfo("clip.mp4", width, height, Fraction(30), time_base)


def smooth(index: int, form: Form = YUV) -> Picture:
    """A picture that an encoder can keep well."""
    samples = noise(form, HEIGHT, WIDTH).pixels.shape
    ramp = np.linspace(40, 200, int(np.prod(samples))).reshape(samples) + index
    return Picture(ramp.astype(np.uint8), *form)


def random_mask(seed: int, height: int = HEIGHT, width: int = WIDTH) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 2, (height, width), np.uint8) * np.uint8(255)


def decoded(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize(("height", "width"), [(96, 128), (97, 131), (1, 1), (1080, 1920)])
def test_masks_come_back_bit_for_bit(tmp_path: Path, height: int, width: int) -> None:
    masks = [random_mask(seed, height, width) for seed in range(3)]
    masks.append(np.zeros((height, width), np.uint8))
    video = MaskVideo(
        tmp_path / "masks.mov", source_info(), Picture(np.zeros((height, width, 3), np.uint8))
    )
    for index, mask in enumerate(masks):
        video.write(mask, index / 30)
    video.close()
    frames = decoded(tmp_path / "masks.mov")
    assert {frame.format.name for frame in frames} == {"monob"}
    for mask, frame in zip(masks, frames, strict=True):
        assert np.array_equal(frame.to_ndarray(format="gray"), mask)


@pytest.mark.parametrize(
    ("time_base", "ticks"),
    [
        (Fraction(1, 30), range(40)),
        (Fraction(1001, 30000), range(40)),
        (Fraction(1, 90000), [0, 3003, 6006, 6007, 90000, 90001, 400000]),
        (Fraction(1, 1000), [0, 33, 67, 100, 1100, 60000]),
    ],
)
def test_frame_times_are_exactly_those_of_the_source(
    tmp_path: Path, time_base: Fraction, ticks: list[int]
) -> None:
    video = PictureVideo(tmp_path / "marked.mp4", source_info(time_base=time_base), smooth(0))
    masks = MaskVideo(tmp_path / "masks.mov", source_info(time_base=time_base), smooth(0))
    for index, tick in enumerate(ticks):
        video.write(smooth(index), float(tick * time_base))
        masks.write(random_mask(index), float(tick * time_base))
    video.close()
    masks.close()
    expected = [tick * time_base for tick in ticks]
    assert times(decoded(tmp_path / "marked.mp4")) == expected
    assert times(decoded(tmp_path / "masks.mov")) == expected


def test_times_in_nanoseconds_are_kept_to_the_microsecond(tmp_path: Path) -> None:
    source = source_info(time_base=Fraction(1, 1_000_000_000))
    masks = MaskVideo(tmp_path / "masks.mov", source, smooth(0))
    for index, time_s in enumerate((0.0, 0.033333333, 60.000000001)):
        masks.write(random_mask(index), time_s)
    masks.close()
    microseconds = [stamp * 1_000_000 for stamp in times(decoded(tmp_path / "masks.mov"))]
    assert microseconds == [0, 33333, 60_000_000]


def test_an_excerpt_begins_at_0(tmp_path: Path) -> None:
    video = MaskVideo(tmp_path / "masks.mov", source_info(), smooth(0))
    for tick in (300, 301, 305):
        video.write(random_mask(tick), tick / 30)
    video.close()
    assert times(decoded(tmp_path / "masks.mov")) == [0, Fraction(1, 30), Fraction(5, 30)]


def test_frames_of_the_same_time_are_all_kept(tmp_path: Path) -> None:
    video = MaskVideo(tmp_path / "masks.mov", source_info(), smooth(0))
    for tick in (0, 1, 1, 1, 5):
        video.write(random_mask(tick), tick / 30)
    video.close()
    assert times(decoded(tmp_path / "masks.mov")) == [
        Fraction(tick, 30) for tick in (0, 1, 2, 3, 5)
    ]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form[0].value}-{form[1].value}")
def test_the_marked_video_shows_the_pictures_in_their_own_colours(
    tmp_path: Path, form: Form
) -> None:
    path = tmp_path / "marked.mp4"
    video = PictureVideo(path, source_info(), smooth(0, form))
    for index in range(35):
        video.write(smooth(index, form), index / 30)
    video.close()
    frames = decoded(path)
    assert len(frames) == 35
    keys = [index for index, frame in enumerate(frames) if frame.key_frame]
    assert keys[0] == 0
    assert max(np.diff([*keys, len(frames)])) <= 30
    rgb = not form[0].is_yuv
    full_range = form[2] and not rgb
    assert frames[0].color_range == (2 if full_range else 1)
    assert frames[0].colorspace == (1 if rgb or form[1] is ColourMatrix.BT709 else 5)
    with av.open(str(path)) as container:
        assert container.streams.video[0].codec_context.name == "h264"
        assert container.streams.video[0].codec_context.has_b_frames == 0
    for index in (0, 34):
        shown = Picture(
            np.ascontiguousarray(frames[index].to_ndarray(format="yuv420p")),
            PixelFormat.YUV420P,
            ColourMatrix.BT709 if rgb else form[1],
            full_range,
        )
        error = shown.to_rgb().astype(float) - smooth(index, form).to_rgb()
        assert np.sqrt(np.mean(error**2)) < 6


@pytest.mark.parametrize(
    ("pixel_format", "size"),
    [
        (PixelFormat.RGB24, (97, 131)),
        (PixelFormat.BGR24, (97, 131)),
        (PixelFormat.YUYV422, (97, 132)),
        (PixelFormat.UYVY422, (97, 132)),
    ],
)
def test_odd_sides_are_padded_by_one(
    tmp_path: Path, pixel_format: PixelFormat, size: tuple[int, int]
) -> None:
    red = as_picture(np.full((98, 132, 3), (200, 60, 50), np.uint8), pixel_format)
    picture = Picture(np.ascontiguousarray(red.pixels[: size[0], : size[1]]), pixel_format)
    video = PictureVideo(tmp_path / "marked.mp4", source_info(), picture)
    video.write(picture, 0.0)
    video.close()
    (frame,) = decoded(tmp_path / "marked.mp4")
    assert (frame.height, frame.width) == (98, 132)
    assert np.abs(frame.to_ndarray(format="rgb24").astype(int) - (200, 60, 50)).max() <= 4


def test_a_change_of_resolution_begins_new_files(tmp_path: Path) -> None:
    video = VideoFiles(tmp_path, source_info())
    sizes = [(96, 128)] * 3 + [(64, 80)] * 2 + [(96, 128)]
    for index, (height, width) in enumerate(sizes):
        picture = noise(YUV, height, width)
        video.write(
            Frame(picture, index, index / 30, 0), random_mask(index, height, width), picture
        )
    video.close()
    counts = {path.name: len(decoded(path)) for path in tmp_path.iterdir()}
    assert counts == {
        "masks.mov": 3,
        "marked.mp4": 3,
        "masks-2.mov": 2,
        "marked-2.mp4": 2,
        "masks-3.mov": 1,
        "marked-3.mp4": 1,
    }


@pytest.mark.parametrize("share", [0.05, 0.4, 0.7, 0.95, 0.999])
def test_what_fitted_on_a_full_disk_plays(tmp_path: Path, share: float) -> None:
    def write(folder: Path) -> int:
        folder.mkdir()
        video = MaskVideo(folder / "masks.mov", source_info(), smooth(0))
        written = 0
        try:
            for index in range(90):
                video.write(random_mask(index), index / 30)
                written += 1
        finally:
            video.close()
        return written

    assert write(tmp_path / "whole") == 90
    size = int((tmp_path / "whole" / "masks.mov").stat().st_size * share)
    with largest_file(size), pytest.raises(DiskFullError, match=r"The disk is full: .*masks\.mov"):
        write(tmp_path / "full")
    if share < 0.08:  # less than the first fragment, an eleventh of it
        assert not (tmp_path / "full" / "masks.mov").exists()
        return
    frames = decoded(tmp_path / "full" / "masks.mov")
    assert len(frames) >= 90 * share - 31
    for index, frame in enumerate(frames):
        assert np.array_equal(frame.to_ndarray(format="gray"), random_mask(index))


WRITER = """
import sys
from fractions import Fraction
from pathlib import Path
from tests.app.test_sinks import VideoFiles, noise, random_mask, source_info, YUV, HEIGHT, WIDTH
from app.frame import Frame
video = VideoFiles(Path(sys.argv[1]), source_info())
for index in range(10_000):
    picture = noise(YUV, HEIGHT, WIDTH, index)
    video.write(Frame(picture, index, index / 30, 0), random_mask(index), picture)
    print(index, flush=True)
"""


def test_a_killed_process_loses_at_most_a_second(tmp_path: Path) -> None:
    for run, frames_before in enumerate((40, 61, 100, 173)):
        folder = tmp_path / str(run)
        folder.mkdir()
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            written = 0
            for line in writer.stdout:
                written = int(line) + 1
                if written == frames_before:
                    os.kill(writer.pid, signal.SIGKILL)
        for name in ("masks.mov", "marked.mp4"):
            readable = 0
            with av.open(str(folder / name)) as container:
                try:
                    for _ in container.decode(video=0):
                        readable += 1
                except av.FFmpegError:
                    pass  # the fragment that was being written
            assert written - 30 <= readable <= written + 1


def row(index: int, file: str | None = None) -> TableRow:
    findings = found(discs((100, 100, 10 + index % 20), (250, 200, 15)), HEIGHT, WIDTH)
    return TableRow.of(index, index / 29.97, file, findings)


def test_both_tables_say_the_same(tmp_path: Path) -> None:
    rows = [row(index, f'näme, "{index}".png' if index % 2 else None) for index in range(40)]
    rows *= 60  # more than one row group
    csv_table = CsvTable(tmp_path / "frames.csv")
    parquet_table = ParquetTable(tmp_path / "frames.parquet")
    for each in rows:
        csv_table.write(each)
        parquet_table.write(each)
        if each is rows[-1]:
            assert not (tmp_path / "frames.parquet").exists()
    csv_table.close()
    parquet_table.close()

    assert parquet.ParquetFile(tmp_path / "frames.parquet").num_row_groups == 2
    with (tmp_path / "frames.csv").open(encoding="utf-8", newline="") as file:
        from_csv = list(csv.DictReader(file))
    from_parquet = parquet.read_table(tmp_path / "frames.parquet").to_pylist()
    for expected, text, typed in zip(rows, from_csv, from_parquet, strict=True):
        assert int(text["index"]) == typed["index"] == expected.index
        assert float(text["time_s"]) == typed["time_s"] == expected.time_s
        assert (text["file"] or None) == typed["file"] == expected.file
        assert int(text["marked_px"]) == typed["marked_px"] == expected.marked_px
        assert float(text["marked_share"]) == typed["marked_share"] == expected.marked_share
        assert float(text["peak_probability"]) == typed["peak_probability"] == 1.0
        assert int(text["regions"]) == typed["regions"] == len(expected.boxes) == 2
        boxes = [tuple(int(side) for side in box.split()) for box in text["boxes"].split(";")]
        assert boxes == list(expected.boxes)
        assert [tuple(box.values()) for box in typed["boxes"]] == boxes
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames.csv", "frames.parquet"]


def test_a_full_disk_leaves_no_table_open(tmp_path: Path) -> None:
    path = tmp_path / "frames.csv"
    with largest_file(10), pytest.raises(DiskFullError, match=r"frames\.csv"):
        CsvTable(path)
    assert str(path) not in {file.path for file in psutil.Process().open_files()}


def test_a_full_disk_leaves_whole_rows(tmp_path: Path) -> None:
    table = CsvTable(tmp_path / "frames.csv")
    with largest_file(1000), pytest.raises(DiskFullError, match=r"frames\.csv"):
        for index in range(1000):
            table.write(row(index))
    table.close()
    lines = (tmp_path / "frames.csv").read_text(encoding="utf-8")
    assert lines.endswith("\n")
    assert [int(line.split(",")[0]) for line in lines.splitlines()[1:]] == list(
        range(lines.count("\n") - 1)
    )


def test_a_full_disk_leaves_no_half_parquet_file(tmp_path: Path) -> None:
    table = ParquetTable(tmp_path / "frames.parquet")
    for index in range(100):
        table.write(row(index))
    with largest_file(500), pytest.raises(DiskFullError, match=r"frames\.parquet"):
        table.close()
    assert list(tmp_path.iterdir()) == []


def test_images_keep_their_names(tmp_path: Path) -> None:
    files = ImageFiles(tmp_path)
    for index, name in enumerate(("a.png", "a.jpg", "b.c.tif")):
        picture = noise(FORMS[0], 61 + index, 83)
        mask = random_mask(index, 61 + index, 83)
        files.write(Frame(picture, index, index / 25, 0, name), mask, picture)
    files.close()
    for folder in ("masks", "marked"):
        names = sorted(path.name for path in (tmp_path / folder).iterdir())
        assert names == ["a.jpg.png", "a.png", "b.c.png"]
    for index, name in enumerate(("a.png", "a.jpg.png", "b.c.png")):
        expected = random_mask(index, 61 + index, 83) > 0
        with Image.open(tmp_path / "masks" / name) as image:
            assert image.mode == "1"
            assert np.array_equal(np.asarray(image), expected)
        with Image.open(tmp_path / "marked" / name) as image:
            assert np.array_equal(np.asarray(image), noise(FORMS[0], 61 + index, 83).pixels)


def test_a_full_disk_leaves_no_half_image(tmp_path: Path) -> None:
    picture = noise(FORMS[0], HEIGHT, WIDTH)
    with largest_file(2000), pytest.raises(DiskFullError, match=r"marked/a\.png"):
        ImageFiles(tmp_path).write(
            Frame(picture, 0, 0.0, 0, "a.png"), np.zeros((HEIGHT, WIDTH), np.uint8), picture
        )
    assert sorted(path.name for path in tmp_path.rglob("*.*")) == ["a.png"]


def test_the_sink_writes_what_was_found_on_each_frame(tmp_path: Path) -> None:
    shapes = [discs(), discs((176, 176, 60)), discs((60, 80, 20), (250, 250, 30))]
    sink = ReplaySink(tmp_path, source_info(), LOOK)
    for index, shape in enumerate(shapes):
        frame = Frame(smooth(index), index, index / 30, 0)
        sink.write(Annotated(frame, segmented(shape, HEIGHT, WIDTH, index=index)))
    assert sink.marked_frames == 2
    sink.close()
    masks = [frame.to_ndarray(format="gray") for frame in decoded(tmp_path / "masks.mov")]
    rows = parquet.read_table(tmp_path / "frames.parquet").to_pylist()
    marked = decoded(tmp_path / "marked.mp4")
    for index, shape in enumerate(shapes):
        findings = found(shape, HEIGHT, WIDTH)
        assert np.array_equal(masks[index], findings.mask)
        assert rows[index]["marked_px"] == np.count_nonzero(masks[index])
        assert rows[index]["regions"] == len(findings.regions) == index
        luma = marked[index].to_ndarray(format="yuv420p")[:HEIGHT].astype(float)
        expected = draw(smooth(index), findings, Marker.CONTOUR).luma_plane()
        assert np.sqrt(np.mean((luma - expected) ** 2)) < 12


def test_without_marked_pictures_none_are_written(tmp_path: Path) -> None:
    look = Look(0.5, 0.0, 0.0, Marker.CONTOUR, marked_pictures=False, screen_text=False)
    sink = ReplaySink(tmp_path, source_info(), look)
    sink.write(Annotated(Frame(smooth(0), 0, 0.0, 0), segmented(discs(), HEIGHT, WIDTH)))
    sink.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["frames.csv", "frames.parquet", "masks.mov"]


def test_writing_ends_before_the_disk_is_full(small_disk: Path) -> None:
    FreeSpace(small_disk).check()
    (small_disk / "filler").write_bytes(bytes(STOP_BYTES))
    with pytest.raises(DiskFullError, match="nearly full"):
        FreeSpace(small_disk).check()


def test_a_folder_that_is_gone_is_named(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"gone cannot be written \(No such file or directory\)"):
        FreeSpace(tmp_path / "gone").check()


def test_scarce_room_is_announced_once(small_disk: Path, caplog: pytest.LogCaptureFixture) -> None:
    space = FreeSpace(small_disk)
    space.check()
    space.check()
    assert len([record for record in caplog.records if "left" in record.message]) == 1


def test_every_input_has_a_folder_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "case.1").mkdir()
    inputs = ["a/clip.mp4", "b/clip.mkv", "clip.avi", str(tmp_path / "case.1"), "phantom"]
    names = [folder.name for folder in output_folders(inputs, Path("out"))]
    assert names == ["clip", "clip-2", "clip-3", "case.1", "phantom"]


def test_the_folder_above_has_a_folder_below_the_output_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "case" / "here").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "case" / "here")
    assert output_folders(["..", "../here/.."], Path("out")) == [
        Path("out/case"),
        Path("out/case-2"),
    ]


def test_clearing_takes_only_what_replay_wrote(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    claim(folder, "images", force=False)
    sink = ReplaySink(folder, source_info(), LOOK)
    for index, name in enumerate(("a.png", "b.png")):
        frame = Frame(noise(FORMS[0], HEIGHT, WIDTH), index, index / 25, 0, name)
        sink.write(Annotated(frame, segmented(discs(), HEIGHT, WIDTH, index=index)))
    sink.close()
    (folder / ".frames.parquet.partial").write_bytes(b"left by a killed run")
    (folder / "masks-2.mov").write_bytes(b"")
    strangers = [folder / "notes.txt", folder / "marked.mp4.bak", folder / "masks" / "mine.png"]
    for stranger in strangers:
        stranger.write_text("mine", encoding="utf-8")

    with pytest.raises(SinkError, match="already holds a replay; replace it with --force"):
        claim(folder, "images", force=False)
    claim(folder, "images", force=True)
    clear(folder)
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == sorted(strangers)


def test_a_table_that_names_other_folders_clears_nothing_there(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    (folder / "masks").mkdir(parents=True)
    victim = tmp_path / "victim.png"
    victim.write_bytes(b"")
    name = "../../victim.png"
    (folder / "frames.csv").write_text(f"index,file\n0,{name}\n1,{name}\n", encoding="utf-8")
    clear(folder)
    assert victim.exists()


def test_a_table_that_is_none_keeps_no_replay_from_its_folder(tmp_path: Path) -> None:
    (tmp_path / "frames.csv").write_text(f"index,file\n0,{'a' * 200_000}\n", encoding="utf-8")
    clear(tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("inside", ["out/clip/marked.mp4", "out/clip"])
def test_an_input_is_never_replaced_by_its_output(tmp_path: Path, inside: str) -> None:
    with pytest.raises(SinkError, match="lies in the folder"):
        claim(tmp_path / "out" / "clip", str(tmp_path / inside), force=True)


def test_the_phantom_is_no_folder_of_that_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    claim(Path("phantom"), "phantom", force=False)
    claim(Path("phantom"), "phantom", force=True)
    with pytest.raises(SinkError, match="lies in the folder"):
        claim(Path("phantom"), "./phantom", force=True)


def test_an_output_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "out").write_bytes(b"a file")
    with pytest.raises(SinkError, match=r"out/clip cannot be written \(Not a directory\)"):
        claim(tmp_path / "out" / "clip", "clip.mp4", force=False)
