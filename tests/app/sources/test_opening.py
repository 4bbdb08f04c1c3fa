"""From what a person typed to a source."""

from __future__ import annotations

import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from app.sources.base import SourceError, SourceNotFoundError
from app.sources.file import FileSource
from app.sources.images import ImageSource
from app.sources.live_opening import is_live
from app.sources.opening import open_source
from app.sources.stream_address import FORMS, parse_stream_address
from tests.app.command import run_app
from tests.app.sources.pictures import write_image
from tests.app.sources.videos import MP4, write_video
from tests.locations import ROOT


def test_files_folders_and_images_find_their_source(tmp_path: Path) -> None:
    video = write_video(tmp_path / "video.mp4", MP4, 3)
    image = write_image(tmp_path / "IMAGE.png").rename(tmp_path / "IMAGE.PNG")
    for location, kind in ((video, FileSource), (image, ImageSource), (tmp_path, ImageSource)):
        for typed in (location, str(location)):
            with open_source(typed) as source:
                assert type(source) is kind
                assert source.info.name == location.name
                assert source.read() is not None


def test_phantom_is_a_word_and_a_folder_of_that_name_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phantom = pytest.importorskip("app.sources.phantom")
    with open_source("phantom") as source:
        assert type(source) is phantom.PhantomSource
    (tmp_path / "phantom").mkdir()
    write_image(tmp_path / "phantom" / "1.png")
    monkeypatch.chdir(tmp_path)
    with open_source("./phantom") as source:
        assert type(source) is ImageSource


def refused_by(*words: str | Path) -> str:
    """What the program says in one line, after which it has failed."""
    result = run_app(*words)
    assert (result.returncode, result.stdout) == (1, "")
    (line,) = result.stderr.splitlines()
    return line


NO_STREAM = (
    f"HTTPS://… is no address of a live stream and no path of a recording; give a path, or to view "
    f"and bench {FORMS}."
)


def test_an_address_that_is_no_stream_is_told_what_is_one(tmp_path: Path) -> None:
    address = "HTTPS://me:hush@127.0.0.1:9/a.png"
    assert refused_by("replay", address, "-o", tmp_path / "out") == NO_STREAM
    assert refused_by("bench", "--source", address, "--backend", "stand-in") == NO_STREAM
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/a.mp4", "file:///etc/passwd", "x://"])
def test_addresses_are_refused(address: str) -> None:
    with pytest.raises(SourceError) as raised:
        open_source(address)
    assert str(raised.value) == NO_STREAM.replace("HTTPS", address.partition("://")[0])


def test_replay_takes_nothing_that_is_live_and_says_who_does(tmp_path: Path) -> None:
    said = refused_by("replay", "rtsp://me:hush@127.0.0.1/a", "-o", tmp_path / "out")
    assert said == "rtsp://… is live, and for view and bench alone; give the path of a recording."
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "location", ["v4l2:usb-card", "decklink:0", "pipe:-", "test-picture", "camera.sdp"]
)
def test_a_live_source_is_no_missing_file(location: str) -> None:
    with pytest.raises(SourceError, match=f"^{location} is live, and for view and bench alone"):
        open_source(location)


def test_no_name_is_not_the_present_folder() -> None:
    with pytest.raises(SourceError, match="No recording was named"):
        open_source("")


def test_the_forms_that_are_named_are_those_that_bench_and_view_take() -> None:
    urls = re.findall(r"\w+://\S+[^\s,]", FORMS)
    assert {url.partition("://")[0] for url in urls} == {"udp", "rtp", "tcp", "rtsp", "srt"}
    for url in urls:
        assert is_live(url)
        assert parse_stream_address(url).name.startswith(url.partition("://")[0])


@pytest.mark.parametrize("location", ["rtsp://me:hush", "rtsp://me:hush/stream", "tcp://[hush"])
def test_what_is_malformed_shows_no_password(location: str) -> None:
    """Where an address went wrong, so may have what tells a password from a port."""
    with pytest.raises(SourceError, match=r"^\w+://… ") as refused:
        parse_stream_address(location)
    assert "hush" not in str(refused.value)


@pytest.mark.parametrize("location", ["concat:a.ts|b.ts", "fd:0", "tcp:127.0.0.1:9", "a\0b"])
def test_protocols_are_just_missing_files(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceNotFoundError):
        open_source(location)


def test_opening_loads_only_what_the_location_needs(tmp_path: Path) -> None:
    image = write_image(tmp_path / "image.png")
    video = write_video(tmp_path / "video.mp4", MP4, 3)
    script = f"""
        import sys
        from app.sources.opening import open_source
        open_source({str(image)!r}).close()
        assert "av" not in sys.modules
        open_source({str(video)!r}).close()
        assert not {{"torch", "PyQt6", "app.sources.phantom"}} & set(sys.modules)
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], cwd=ROOT, check=True)
