from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from models.source_version import source_version

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    command = ["git", *identity, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


def test_a_commit_is_named_and_so_are_changes_beyond_it(tmp_path: Path) -> None:
    git(tmp_path, "init")
    (tmp_path / "file").write_text("first", "utf-8")
    git(tmp_path, "add", "file")
    git(tmp_path, "commit", "-m", "first")
    git(tmp_path, "tag", "-a", "v1", "-m", "a tag does not hide the commit")
    commit = git(tmp_path, "rev-parse", "HEAD").strip()
    assert source_version(tmp_path) == commit
    (tmp_path / "file").write_text("second", "utf-8")
    assert source_version(tmp_path) == f"{commit}-dirty"


def test_outside_a_checkout_there_is_none(tmp_path: Path) -> None:
    git(tmp_path, "init")
    inside = tmp_path / "unpacked"
    inside.mkdir()
    assert source_version(inside) is None
    # A repository before its first commit has no state to name.
    assert source_version(tmp_path) is None
