"""``replay`` of what is rare: names of other systems, cuts between frames, two replays at once."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path

import pytest
from pyarrow import parquet

from app.progress import progress_line
from app.sinks.base import SinkError
from app.sinks.output_folder import sole_use
from app.sources.base import SourceInfo
from tests.app.command import ONE_RUNTIME, decoded, rows, run_app, summary
from tests.app.sources.pictures import write_image
from tests.app.sources.videos import MP4, write_video
from tests.models.tiny_model import write_tiny_model

NAME = os.fsdecode(b"M\xfcller")
"""A name in Latin-1, as older systems wrote it: no UTF-8."""
SHOWN = r"M\xfcller"


@pytest.fixture
def quickly(tmp_path: Path) -> tuple[str | Path, ...]:
    """Options for a network that takes no time."""
    return ("--weights", write_tiny_model(tmp_path), *ONE_RUNTIME)


def test_names_that_are_no_utf8_are_spelt_out(
    tmp_path: Path, quickly: tuple[str | Path, ...]
) -> None:
    clip = write_video(tmp_path / f"{NAME}.mp4", MP4, 2)
    images = tmp_path / NAME
    images.mkdir()
    write_image(tmp_path / "plain.png").rename(images / f"{NAME}.png")
    write_image(tmp_path / "plain.png").rename(images / os.fsdecode(b"M\xf6ller.png"))
    out = tmp_path / "out"
    result = run_app("replay", clip, images, "-o", out, *quickly)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(f"{SHOWN}.mp4: 2 frames in ")
    assert "\n" + SHOWN + ": 2 frames in " in result.stdout
    assert summary(out / NAME)["input"]["name"] == f"{SHOWN}.mp4"
    assert len(decoded(out / NAME / "marked.mp4")) == 2
    folder, expected = out / f"{NAME}-2", [r"M\xf6ller.png", f"{SHOWN}.png"]
    assert [row["file"] for row in rows(folder)] == expected
    with (folder / "frames.parquet").open("rb") as file:
        assert parquet.read_table(file)["file"].to_pylist() == expected
    assert sorted(path.name for path in (folder / "marked").iterdir()) == expected


def test_output_in_another_encoding_is_no_failure(
    tmp_path: Path, quickly: tuple[str | Path, ...]
) -> None:
    clip = write_video(tmp_path / "Müller 漢.mp4", MP4, 1)
    latin = os.environ | {"PYTHONIOENCODING": "latin-1"}
    words = ("replay", clip, "-o", tmp_path / "out", *quickly)
    result = run_app(*words, env=latin, encoding="latin-1")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.startswith(r"Müller \u6f22.mp4: 1 frame in ")


def test_a_cut_between_two_frames_is_one_sentence_and_leaves_nothing(
    tmp_path: Path, quickly: tuple[str | Path, ...]
) -> None:
    clip = write_video(tmp_path / "clip.mp4", MP4, 3, times_ms=[0, 100, 200])
    out = tmp_path / "out"
    result = run_app("replay", clip, "-o", out, "--start", "0.11", "--end", "0.19", *quickly)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        "clip.mp4 has no frame from --start on and before --end; name other times.\n"
    )
    assert not list(out.iterdir())


def test_a_folder_takes_one_replay_at_a_time(
    tmp_path: Path, quickly: tuple[str | Path, ...]
) -> None:
    clip = write_video(tmp_path / "clip.mp4", MP4, 2)
    folder = tmp_path / "out" / "clip"
    folder.mkdir(parents=True)
    words = ("replay", clip, "-o", tmp_path / "out", "--force", *quickly)
    with sole_use(folder):
        refused = run_app(*words)
        (folder / "frames.csv").write_text("of the other replay", encoding="utf-8")
        assert refused.returncode == 1
        assert refused.stderr == (
            f"Another replay is writing into {folder}; wait for its end, or choose another folder "
            "with --output.\n"
        )
        with pytest.raises(SinkError, match="Another replay"), sole_use(folder):
            pytest.fail("two hold it")
    assert (folder / "frames.csv").read_text(encoding="utf-8") == "of the other replay"
    assert run_app(*words).returncode == 0
    assert len(rows(folder)) == 2


def test_progress_is_told_of_a_slow_network_too() -> None:
    """Four frames in ten seconds, of which a bar of the last second knows nothing."""
    source = SourceInfo("slow.mp4", 64, 48, Fraction(25), Fraction(1, 25), frame_count=100)
    assert progress_line(source, 4, 10.0) == "slow.mp4: 4 of 100 frames, 0.4 frames/s, 4 min left"
    assert progress_line(source, 99, 10.0) == "slow.mp4: 99 of 100 frames, 9.9 frames/s, 0 s left"
    assert progress_line(source, 0, 10.0) == "slow.mp4: 0 of 100 frames"
