"""``python run_app.py replay``, with real files, the real network and real signals."""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import time
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from pyarrow import parquet

from app.config import AppConfig
from app.overlay import Marker
from app.replay import ReplayOptions, replay
from app.sinks.free_space import STOP_BYTES
from app.sinks.picture_video import PictureVideo
from app.sources.base import SourceInfo
from app.sources.phantom import PhantomSource
from models.backends.selection import choose_backend
from models.weights import DEFAULT_WEIGHTS, read_weights
from tests.app.command import (
    ONE_RUNTIME,
    RUN_APP,
    decoded,
    masks,
    rows,
    run_app,
    summary,
    times,
)
from tests.app.drawn_findings import FORMS, noise
from tests.app.pipeline.synthetic import pipeline_threads
from tests.app.sources.pictures import write_image
from tests.app.sources.videos import MP4, numbered_picture, write_video
from tests.locations import DEMO_CLIP
from tests.waiting import HANG_S, wait_until

SIZE = (160, 128)
LONG = 600
"""Frames of the long clip."""
EASILY_MARKED = ("--threshold", "0.001")
"""The least that 8 bits can tell from nothing, of a core too: much of a test picture is marked."""
TIMES_MS = [0, 33, 67, 100, 200, 201, 233, 400, 433, 467, 500, 900]


@dataclass(frozen=True)
class Replayed:
    """One replay of a video with variable frame rate."""

    clip: Path
    folder: Path
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("Patient Müller")
    return write_video(folder / "clip.mp4", MP4, len(TIMES_MS), size=SIZE, times_ms=TIMES_MS)


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long enough to be interrupted anywhere, and hard to compress."""
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    width, height = SIZE
    info = SourceInfo(path.name, width, height, Fraction(30), Fraction(1, 30))
    video = PictureVideo(path, info, noise(FORMS[1], height, width))
    for index in range(LONG):
        video.write(noise(FORMS[1], height, width, index), index / 30)
    video.close()
    return path


@pytest.fixture(scope="module")
def replayed(clip: Path, tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    out = tmp_path_factory.mktemp("out")
    result = run_app("replay", clip, "-o", out, *EASILY_MARKED)
    assert result.returncode == 0, result.stderr
    return Replayed(clip, out / "clip", result.stdout, result.stderr)


def test_every_frame_is_written_with_its_own_time(replayed: Replayed) -> None:
    source_times = times(decoded(replayed.clip))
    assert [round(stamp * 1000) for stamp in source_times] == TIMES_MS
    assert times(decoded(replayed.folder / "marked.mp4")) == source_times
    assert times(decoded(replayed.folder / "masks.mov")) == source_times
    table = rows(replayed.folder)
    assert [float(row["time_s"]) for row in table] == [float(stamp) for stamp in source_times]
    assert [int(row["index"]) for row in table] == list(range(len(TIMES_MS)))


def test_every_frame_shows_its_own_picture(clip: Path, tmp_path: Path) -> None:
    # Marks of the test pictures' numbers would hide what tells them apart.
    assert run_app("replay", clip, "-o", tmp_path, "--threshold", "0.99").returncode == 0
    sources = [_luma(frame) for frame in decoded(clip)]
    written = masks(tmp_path / "clip" / "masks.mov")
    for index, frame in enumerate(decoded(tmp_path / "clip" / "marked.mp4")):
        beside = cv2.dilate(written[index], np.ones((17, 17), np.uint8)) == 0
        strays = [np.abs(_luma(frame) - source)[beside].mean() for source in sources]
        assert int(np.argmin(strays)) == index
        assert strays[index] < 3


def _luma(frame: av.VideoFrame) -> NDArray[np.float64]:
    return frame.to_ndarray(format="yuv420p")[: frame.height].astype(np.float64)


def test_tables_agree_with_the_masks(replayed: Replayed) -> None:
    table = rows(replayed.folder)
    written = masks(replayed.folder / "masks.mov")
    typed = parquet.read_table(replayed.folder / "frames.parquet").to_pylist()
    assert any(mask.any() for mask in written), "nothing was marked, so nothing is tested"
    for row, mask, other in zip(table, written, typed, strict=True):
        assert mask.shape == (128, 160)
        assert int(row["marked_px"]) == other["marked_px"] == np.count_nonzero(mask)
        assert float(row["peak_probability"]) == other["peak_probability"]
        assert len(other["boxes"]) == int(row["regions"]) == other["regions"]
        boxed = np.zeros(mask.shape, np.bool_)
        for box in other["boxes"]:
            bottom, right = box["y"] + box["height"], box["x"] + box["width"]
            boxed[box["y"] : bottom, box["x"] : right] = True
        assert not mask[~boxed].any()


def test_the_summary_says_what_ran(replayed: Replayed) -> None:
    content = summary(replayed.folder)
    assert content["outcome"] == "complete"
    assert content["frames"] == len(TIMES_MS)
    marked = sum(int(row["regions"]) > 0 for row in rows(replayed.folder))
    assert content["marked_frames"] == marked
    assert content["runtime"]["model_sha256"] == _sha256(DEFAULT_WEIGHTS)
    assert content["runtime"]["precision"] in ("FP32", "BF16", "FP16")
    assert content["runtime"]["input_width"] == content["runtime"]["input_height"] == 352
    assert content["look"]["core_margin"] == read_weights(DEFAULT_WEIGHTS).spec.core_margin
    assert content["input"]["name"] == "clip.mp4"
    assert content["input"]["undecodable"] == 0
    assert set(content["stages"]) == {"read", "segment", "write"}
    assert all(0 < stage["p50_ms"] <= stage["p99_ms"] for stage in content["stages"].values())
    assert f"clip.mp4: {len(TIMES_MS)} frames in " in replayed.stdout


def test_a_smaller_input_is_used_and_noted(clip: Path, tmp_path: Path) -> None:
    result = run_app("replay", clip, "-o", tmp_path, "--input-size", "160", *EASILY_MARKED)
    assert result.returncode == 0, result.stderr
    runtime = summary(tmp_path / "clip")["runtime"]
    assert (runtime["input_height"], runtime["input_width"]) == (160, 160)
    assert runtime["model_sha256"] == _sha256(DEFAULT_WEIGHTS)


def test_a_slower_runtime_is_announced(replayed: Replayed) -> None:
    notices = summary(replayed.folder)["notices"]
    if summary(replayed.folder)["runtime"]["backend"] == "tensorrt":
        assert notices == []
    else:
        assert "is not used" in notices[0]
        assert all(notice in replayed.stderr for notice in notices)


def test_no_folder_of_the_input_is_written_down(replayed: Replayed) -> None:
    for name in ("summary.json", "frames.csv", "frames.parquet", "marked.mp4", "masks.mov"):
        content = (replayed.folder / name).read_bytes()
        assert "Müller".encode() not in content
        assert b"M\\u00fcller" not in content
        assert str(Path.home()).encode() not in content


def test_the_same_input_gives_the_same_masks_whatever_the_marker(tmp_path: Path) -> None:
    runs = [("--marker", "contour"), ("--marker", "fill"), ("--no-video",)]
    part = (*ONE_RUNTIME, "--end", "0.2")
    for number, options in enumerate(runs):
        result = run_app("replay", DEMO_CLIP, "-o", tmp_path / str(number), *part, *options)
        assert result.returncode == 0, result.stderr
    folders = [tmp_path / str(number) / DEMO_CLIP.stem for number in range(len(runs))]
    assert all(int(row["marked_px"]) > 0 for row in rows(folders[0]))
    for name in ("masks.mov", "frames.csv", "frames.parquet"):
        assert len({_sha256(folder / name) for folder in folders}) == 1
    assert _sha256(folders[0] / "marked.mp4") != _sha256(folders[1] / "marked.mp4")
    assert not (folders[2] / "marked.mp4").exists()


def test_the_threshold_decides_what_is_marked(tmp_path: Path) -> None:
    areas = []
    for threshold in ("0.02", "1"):
        out = tmp_path / threshold
        result = run_app(
            *("replay", DEMO_CLIP, "-o", out, *ONE_RUNTIME),
            *("--no-video", "--end", "0.1", "--threshold", threshold),
        )
        assert result.returncode == 0, result.stderr
        folder = out / DEMO_CLIP.stem
        assert summary(folder)["look"]["threshold"] == float(threshold)
        areas.append(sum(int(row["marked_px"]) for row in rows(folder)))
    assert areas[0] > areas[1]


def test_a_part_of_a_video(clip: Path, tmp_path: Path) -> None:
    result = run_app(
        "replay", clip, "-o", tmp_path, *ONE_RUNTIME, "--start", "0:00:00.1", "--end", "0.467"
    )
    assert result.returncode == 0, result.stderr
    folder = tmp_path / "clip"
    expected_ms = [stamp for stamp in TIMES_MS if 100 <= stamp < 467]
    assert [round(float(row["time_s"]) * 1000) for row in rows(folder)] == expected_ms
    assert [int(row["index"]) for row in rows(folder)] == list(range(3, 3 + len(expected_ms)))
    for name in ("marked.mp4", "masks.mov"):
        stamps = [round(stamp * 1000) for stamp in times(decoded(folder / name))]
        assert stamps == [stamp - 100 for stamp in expected_ms]


def test_rotated_video_is_written_upright(tmp_path: Path) -> None:
    clip = write_video(tmp_path / "phone.mp4", MP4, 3, size=SIZE, rotation=90)
    result = run_app("replay", clip, "-o", tmp_path, *ONE_RUNTIME)
    assert result.returncode == 0, result.stderr
    for name in ("marked.mp4", "masks.mov"):
        for frame in decoded(tmp_path / "phone" / name):
            assert (frame.width, frame.height, frame.rotation) == (128, 160, 0)


def test_images_come_back_as_images(tmp_path: Path) -> None:
    folder = tmp_path / "case"
    folder.mkdir()
    for number, name in enumerate(("b.png", "a.jpg", "c.tif")):
        write_image(folder / name, numbered_picture(number, 131 + number, 97))
    (folder / "broken.png").write_bytes(b"no image")
    result = run_app("replay", folder, "-o", tmp_path / "out", *ONE_RUNTIME)
    assert result.returncode == 0, result.stderr
    assert "Could not be read: broken.png." in result.stdout
    out = tmp_path / "out" / "case"
    assert summary(out)["input"]["undecodable"] == 1
    assert [row["file"] for row in rows(out)] == ["a.jpg", "b.png", "c.tif"]
    for row in rows(out):
        with Image.open(out / "masks" / f"{row['file'][0]}.png") as mask:
            assert np.count_nonzero(np.asarray(mask)) == int(row["marked_px"])
            size = mask.size
        with Image.open(folder / row["file"]) as image:
            assert image.size == size
        with Image.open(out / "marked" / f"{row['file'][0]}.png") as marked:
            assert marked.size == size


@pytest.mark.parametrize("keep", [False, True])
def test_screen_text_is_not_written_unless_asked_for(tmp_path: Path, keep: bool) -> None:
    options = ["--keep-screen-text"] if keep else []
    result = run_app("replay", "phantom", "-o", tmp_path, *ONE_RUNTIME, "--end", "0.05", *options)
    assert result.returncode == 0, result.stderr
    with PhantomSource() as phantom:
        area = phantom.area
    for frame in decoded(tmp_path / "phantom" / "marked.mp4"):
        luma = frame.to_ndarray(format="yuv420p")[: frame.height].astype(int)
        margin = 8
        luma[area.y - margin : area.y + area.height + margin,
             area.x - margin : area.x + area.width + margin] = 16  # fmt: skip
        assert (luma.max() > 100) == keep


def _start(*words: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*RUN_APP, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _wait_for_rows(folder: Path, count: int, process: subprocess.Popen[str]) -> None:
    table = folder / "frames.csv"

    def come() -> bool:
        return table.exists() and table.read_bytes().count(b"\n") > count

    wait_until(lambda: come() or process.poll() is not None, "frames", limit_s=2 * HANG_S)
    assert come(), process.communicate()


def _without_progress(stderr: str) -> list[str]:
    """The lines, without those that a busy machine has time for."""
    return [line for line in stderr.splitlines() if not line.startswith("long.mp4: ")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_leaves_everything_valid(
    long_clip: Path, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "long"
    with _start("replay", long_clip, "-o", tmp_path, *ONE_RUNTIME) as process:
        _wait_for_rows(folder, 5, process)
        process.send_signal(number)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert _without_progress(stderr) == ["Interrupted."]
    table = rows(folder)
    assert 5 <= len(table) < LONG
    assert summary(folder)["outcome"] == "interrupted"
    assert summary(folder)["frames"] == len(table)
    assert parquet.read_table(folder / "frames.parquet").num_rows == len(table)
    source_times = times(decoded(long_clip))[: len(table)]
    for name in ("marked.mp4", "masks.mov"):
        assert times(decoded(folder / name)) == source_times


def test_a_second_interruption_waits_for_nothing(long_clip: Path, tmp_path: Path) -> None:
    with _start("replay", long_clip, "-o", tmp_path, *ONE_RUNTIME) as process:
        _wait_for_rows(tmp_path / "long", 5, process)
        process.send_signal(signal.SIGINT)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert (process.returncode, _without_progress(stderr)) == (130, ["Interrupted."])


def test_a_display_that_fails_ends_the_replay_in_order(long_clip: Path, tmp_path: Path) -> None:
    def fail(*_: object) -> None:
        raise BrokenPipeError("whoever read it has gone")

    config = AppConfig("onnxruntime", DEFAULT_WEIGHTS, None, None)
    options = ReplayOptions(0.0, None, Marker.CONTOUR, True, False, False)
    folder = tmp_path / "out"
    with pytest.raises(BrokenPipeError):
        replay(
            str(long_clip),
            folder,
            lambda: choose_backend(config.backend, config.weights, config.engine),
            config,
            options,
            fail,
        )
    assert pipeline_threads() == []
    assert parquet.read_table(folder / "frames.parquet").num_rows == len(rows(folder)) < LONG
    assert summary(folder)["outcome"] == "failed"


def test_a_killed_replay_loses_at_most_a_second(long_clip: Path, tmp_path: Path) -> None:
    folder = tmp_path / "long"
    with _start("replay", long_clip, "-o", tmp_path, *ONE_RUNTIME) as process:
        _wait_for_rows(folder, 35, process)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    written = len(rows(folder))
    for name in ("marked.mp4", "masks.mov"):
        assert written - 30 <= len(decoded(folder / name)) <= written + 1
    assert summary(folder)["outcome"] == "running"

    again = run_app("replay", long_clip, "-o", tmp_path, *ONE_RUNTIME, "--force", "--end", "0.1")
    assert again.returncode == 0, again.stderr
    assert len(decoded(folder / "masks.mov")) == len(rows(folder)) == 3
    assert not list(folder.glob(".*"))


def test_a_disk_that_fills_up_ends_the_replay_in_order(long_clip: Path, small_disk: Path) -> None:
    free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
    (small_disk / "filler").write_bytes(bytes(free - STOP_BYTES - 150_000))
    result = run_app("replay", long_clip, "-o", small_disk, *ONE_RUNTIME)
    assert result.returncode == 1
    assert "The disk is nearly full" in result.stderr
    folder = small_disk / "long"
    count = len(rows(folder))
    assert 0 < count < LONG
    assert parquet.read_table(folder / "frames.parquet").num_rows == count
    assert len(decoded(folder / "masks.mov")) == len(decoded(folder / "marked.mp4")) == count
    assert summary(folder)["outcome"] == "failed"
    assert "nearly full" in summary(folder)["error"]


def test_a_full_disk_ends_the_replay_with_valid_files(long_clip: Path, tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, resource.RLIM_INFINITY))

    # With a home folder of "/" no name is one in the home folder.
    environment = {**os.environ, "HOME": "/"}
    result = run_app(
        "replay", long_clip, "-o", tmp_path, *ONE_RUNTIME, preexec_fn=limit, env=environment
    )
    assert result.returncode == 1
    *_, sentence = result.stderr.splitlines()
    assert sentence.startswith("The disk is full: long/marked.mp4 could not be written")
    folder = tmp_path / "long"
    count = len(rows(folder))
    assert parquet.read_table(folder / "frames.parquet").num_rows == count
    assert count - 30 <= len(decoded(folder / "marked.mp4")) <= count
    assert "long/marked.mp4" in summary(folder)["error"]
    assert summary(folder)["outcome"] == "failed"


def test_a_disk_without_room_for_the_first_files_is_left_as_it_was(
    clip: Path, tmp_path: Path
) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (700, resource.RLIM_INFINITY))

    out = tmp_path / "out"
    result = run_app("replay", clip, "-o", out, *ONE_RUNTIME, preexec_fn=limit)
    assert result.returncode == 1
    assert result.stderr.startswith("The disk is full: clip/")
    assert not list(out.rglob("*"))


def test_one_bad_input_does_not_stop_the_others(clip: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"no video")
    other = tmp_path / "other" / "clip.mp4"
    other.parent.mkdir()
    other.write_bytes(clip.read_bytes())
    result = run_app(
        "replay", clip, bad, other, "-o", tmp_path / "out", *ONE_RUNTIME, "--end", "0.05"
    )
    assert result.returncode == 1
    assert f"{bad} is not a video" in result.stderr
    assert result.stderr.endswith("1 of 3 inputs was not replayed to the end: bad.mp4\n")
    for name in ("clip", "clip-2"):
        assert summary(tmp_path / "out" / name)["outcome"] == "complete"
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip", "clip-2"]


def test_addresses_among_the_inputs_are_never_repeated(tmp_path: Path) -> None:
    addresses = ("rtsp://nurse:hidden@host/a", "srt://:9000?passphrase=hidden words", "x://hidden")
    result = run_app("replay", *addresses, tmp_path / "gone.mp4", "-o", tmp_path / "out")
    assert (result.returncode, result.stdout) == (1, "")
    *reasons, last = result.stderr.splitlines()
    assert len(reasons) == 4
    names = "rtsp://…, srt://…, x://…, gone.mp4"
    assert last == f"4 of 4 inputs were not replayed to the end: {names}"
    assert "hidden" not in result.stderr


def test_an_earlier_replay_is_kept_unless_forced(clip: Path, tmp_path: Path) -> None:
    words = ("replay", clip, "-o", tmp_path, *ONE_RUNTIME, "--end")
    assert run_app(*words, "0.05").returncode == 0
    before = {path: path.read_bytes() for path in (tmp_path / "clip").iterdir()}
    refused = run_app(*words, "0.15")
    assert refused.returncode == 1
    assert refused.stderr == (
        f"{tmp_path / 'clip'} already holds a replay; replace it with --force, or choose another "
        "folder with --output.\n"
    )
    assert {path: path.read_bytes() for path in (tmp_path / "clip").iterdir()} == before
    assert run_app(*words, "0.15", "--force").returncode == 0
    assert len(rows(tmp_path / "clip")) == 4


def test_bad_input_is_one_sentence_and_leaves_nothing(clip: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(DEFAULT_WEIGHTS.read_bytes()[:1_000_000])
    (tmp_path / "file").write_bytes(b"")
    text = tmp_path / "notes.txt"
    text.write_text("no video", encoding="utf-8")
    out = tmp_path / "out"
    cases: list[tuple[tuple[str | Path, ...], Path, str]] = [
        ((tmp_path / "missing.mp4",), out, "There is no "),
        ((text,), out, "notes.txt is not a video"),
        ((clip,), tmp_path / "file" / "below", "cannot be written"),
        ((clip, "--start", "99"), out, "clip.mp4 has no frame at --start or later"),
        ((clip, "--weights", broken), out, "broken.onnx"),
        ((clip, "--weights", tmp_path / "gone.onnx"), out, "There is no weights file"),
    ]
    for words, output, sentence in cases:
        result = run_app("replay", *words, "-o", output, *ONE_RUNTIME)
        assert result.returncode == 1, words
        assert sentence in result.stderr
        assert result.stderr.count("\n") == 1
        assert "Traceback" not in result.stderr
        assert not list(out.rglob("*")), words


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
