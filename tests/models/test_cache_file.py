from __future__ import annotations

from pathlib import Path

import pytest

from models.cache_file import CacheFile


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "polyplens"


def test_what_was_stored_is_there_again(folder: Path) -> None:
    assert CacheFile("one").load() is None
    for content in (b"", b"first", b"second"):
        CacheFile("one").store(content)
        assert CacheFile("one").load() == content
    assert CacheFile("two").load() is None
    assert [path.name for path in folder.iterdir()] == ["one"]


def test_it_lies_under_the_home_folder_unless_told_otherwise(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    CacheFile("one").store(b"content")
    assert (tmp_path / ".cache" / "polyplens" / "one").is_file()


def test_what_is_damaged_counts_as_absent(folder: Path) -> None:
    CacheFile("one").store(b"content")
    path = folder / "one"
    stored = path.read_bytes()
    for index in range(len(stored)):
        changed = bytearray(stored)
        changed[index] ^= 1
        path.write_bytes(changed)
        assert CacheFile("one").load() is None
    for length in (0, 10, 33):
        path.write_bytes(stored[:length])
        assert CacheFile("one").load() is None


def test_where_nothing_can_be_written_nothing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file where the folder should be stops root too, which a read-only folder would not.
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    CacheFile("one").store(b"content")
    assert CacheFile("one").load() is None


def test_without_a_home_nothing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    CacheFile("one").store(b"content")
    assert CacheFile("one").load() is None
