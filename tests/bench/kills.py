"""What is left on the disk of replays and recordings that are killed at any moment."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import av
from pyarrow import ArrowException, parquet

from app.sinks.output_folder import CSV_FILE, PARQUET_FILE, SUMMARY_FILE
from tests.app.command import ONE_RUNTIME, RUN_APP, decoded, rows, summary
from tests.app.player import recording_process
from tests.app.player.recording_process import killed_recording
from tests.app.recorded import numbers_and_times, videos
from tests.app.sources.videos import MP4, write_video
from tests.bench.report import Figure

KILLS = 50
SEED = 13
FRAMES, SIZE, RATE = 600, (320, 240), 30
SMALL_NETWORK = ("--input-size", "64")
"""Small, as the pictures are: so most moments fall into the writing of many frames."""
VIDEOS = ("marked.mp4", "masks.mov")
LONGEST_RECORDING_S = 4.0


def measure() -> list[Figure]:
    return [*_of_replay(), _of_recording()]


def _of_recording() -> Figure:
    moments = random.Random(SEED)
    lost: list[float] = []
    for _ in range(KILLS):
        with tempfile.TemporaryDirectory() as place:
            killed = killed_recording(Path(place), moments.uniform(1.0, LONGEST_RECORDING_S))
            newest = [numbers_and_times(video)[0][-1] or 0 for video in videos(Path(place))]
            lost.append((killed.last_number - max(newest)) / float(recording_process.RATE))
    note = f"{KILLS} kills, {statistics.median(lost):.2f} s in the middle"
    return Figure(
        "live video that a kill of a recording loses, worst", max(lost), "s", None, 1.0, note
    )


def _of_replay() -> list[Figure]:
    """Kills replays into one folder, each in place of what the one before it left."""
    with tempfile.TemporaryDirectory() as place:
        clip = write_video(Path(place) / "clip.mp4", MP4, FRAMES, size=SIZE, rate=RATE)
        folder = Path(place) / "out" / clip.stem
        begun_s = time.monotonic()
        _complete(clip, folder)
        longest_s = time.monotonic() - begun_s

        moments = random.Random(SEED)
        recorded: list[int] = []
        lost: list[int] = []
        broken: list[str] = []
        while len(recorded) < KILLS:
            if not _killed(clip, folder, moments.uniform(0, longest_s)):
                continue
            recorded.append(_recorded(folder))
            lost += [max(0, recorded[-1] - _shown(folder / name)) for name in VIDEOS]
            broken += _broken(folder)
        _complete(clip, folder)
        remains = [path.name for path in folder.iterdir() if path.name.startswith(".")]

    late = sum(count > RATE for count in recorded)
    note = f"{KILLS} kills, {late} of them after the first second of video"
    return [
        Figure("recorded video that a kill loses, worst", max(lost) / RATE, "s", None, 1.0, note),
        Figure("neither whole nor marked as partial", len(broken), "files", None, 0, str(broken)),
        Figure("left over after a complete replay", len(remains), "files", None, 0, str(remains)),
    ]


def _start(clip: Path, folder: Path) -> subprocess.Popen[bytes]:
    words = ["replay", str(clip), "-o", str(folder.parent), "--force"]
    return subprocess.Popen(
        [*RUN_APP, *words, *ONE_RUNTIME, *SMALL_NETWORK],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _complete(clip: Path, folder: Path) -> None:
    with _start(clip, folder) as process:
        process.wait()
    if process.returncode != 0 or summary(folder)["outcome"] != "complete":
        raise RuntimeError(f"a replay ended with exit code {process.returncode}")


def _killed(clip: Path, folder: Path, after_s: float) -> bool:
    """Whether a replay was killed ``after_s``; False where it had come to its end before."""
    with _start(clip, folder) as process:
        try:
            process.wait(after_s)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.returncode < 0


def _recorded(folder: Path) -> int:
    """Frames that the table names: each was handed to the encoders before."""
    table = folder / CSV_FILE
    return max(0, table.read_bytes().count(b"\n") - 1) if table.exists() else 0


def _shown(video: Path) -> int:
    """Frames that a player shows of it; none where it does not open, or is not there yet."""
    with suppress(av.FFmpegError):
        return len(decoded(video))
    return 0


def _broken(folder: Path) -> list[str]:
    """What claims to be whole and is not. The table's last row alone may be cut off."""
    found = []
    for path in folder.iterdir():
        try:
            if path.name == SUMMARY_FILE:
                summary(folder)
            elif path.name == PARQUET_FILE:
                parquet.read_table(path)
            elif path.name == CSV_FILE:
                if any(None in row.values() for row in rows(folder)[:-1]):
                    found.append(path.name)
            elif path.name not in VIDEOS and not path.name.endswith(".partial"):
                found.append(path.name)
        except (json.JSONDecodeError, ArrowException):
            found.append(path.name)
    return found
