"""From what a person typed to a source."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from app.sources.base import SourceError, SourceFormatError, SourceNotFoundError
from app.sources.file import FileSource
from app.sources.images import ImageSource
from app.sources.opening import open_source
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


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:9/a.mp4", "rtsp://127.0.0.1/a", "HTTPS://host/a.png", "file:///etc/passwd"],
)
def test_addresses_are_refused(address: str) -> None:
    with pytest.raises(SourceError, match=r"network address.*give its path") as raised:
        open_source(address)
    assert address in str(raised.value)


@pytest.mark.parametrize("location", ["concat:a.ts|b.ts", "pipe:0", "tcp:127.0.0.1:9", "a\0b", ""])
def test_protocols_are_just_missing_files(
    location: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceNotFoundError if location else SourceFormatError):
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
