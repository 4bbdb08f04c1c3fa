"""The cache of compiled kernels survives a restart, and nothing else."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from models.backends.runtime_cache import RuntimeCacheFile

KERNELS = bytes(range(256)) * 40


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path


def test_what_was_stored_is_loaded_by_the_next_start(home: Path) -> None:
    RuntimeCacheFile("a" * 64).store(KERNELS)
    assert RuntimeCacheFile("a" * 64).load() == KERNELS
    assert len(list(home.rglob("*.rtx-cache"))) == 1


def test_the_later_replaces_the_earlier_and_leaves_nothing_beside_it(home: Path) -> None:
    RuntimeCacheFile("a" * 64).store(b"earlier")
    RuntimeCacheFile("a" * 64).store(KERNELS)
    assert RuntimeCacheFile("a" * 64).load() == KERNELS
    assert [path.name for path in (home / "polyplens").iterdir()] == [f"{'a' * 64}.rtx-cache"]


def test_another_engine_has_another_cache(home: Path) -> None:
    RuntimeCacheFile("a" * 64).store(KERNELS)
    assert RuntimeCacheFile("b" * 64).load() is None


@pytest.mark.parametrize("position", [0, 31, 32, 5000, -1])
def test_a_flipped_bit_counts_as_absent(
    home: Path, position: int, caplog: pytest.LogCaptureFixture
) -> None:
    RuntimeCacheFile("a" * 64).store(KERNELS)
    path = next(home.rglob("*.rtx-cache"))
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)
    assert RuntimeCacheFile("a" * 64).load() is None
    assert "damaged" in caplog.text


def test_a_truncated_file_counts_as_absent(home: Path) -> None:
    RuntimeCacheFile("a" * 64).store(KERNELS)
    path = next(home.rglob("*.rtx-cache"))
    path.write_bytes(path.read_bytes()[:-1])
    assert RuntimeCacheFile("a" * 64).load() is None


def test_an_unwritable_place_is_logged_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(blocked))
    with caplog.at_level(logging.WARNING):
        RuntimeCacheFile("a" * 64).store(KERNELS)
    assert "cannot be written" in caplog.text
    assert RuntimeCacheFile("a" * 64).load() is None
