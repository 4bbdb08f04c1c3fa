"""Folders of images as people have them."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from engine_builder.command_line import EngineBuilderError
from engine_builder.images import image_files, read_frame
from models.spec import ModelSpec


def test_what_is_no_image_of_a_folder_is_passed_over(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30)).save(tmp_path / "b.png")
    Image.new("RGB", (40, 30)).save(tmp_path / "a.JPG", "JPEG")
    (tmp_path / "._a.JPG").write_bytes(b"what another system leaves behind")
    (tmp_path / "more.png").mkdir()
    (tmp_path / "notes.txt").write_bytes(b"")
    assert [path.name for path in image_files(tmp_path)] == ["a.JPG", "b.png"]


def test_no_reader_of_another_format_is_started(tmp_path: Path) -> None:
    """Pillow's own choice would go by the content, and may start other programs for it."""
    path = tmp_path / "a.png"
    Image.new("RGB", (40, 30)).save(path, "GIF")
    with pytest.raises(EngineBuilderError, match=r"a\.png is damaged or no image"):
        read_frame(path, ModelSpec())
