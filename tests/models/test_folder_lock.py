"""A folder takes one process at a time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from models.folder_lock import FolderLockedError, locked
from tests.locations import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows locks no folders")

HOLDER = """
import os, signal, sys
from pathlib import Path
from models.folder_lock import locked
with locked(Path(sys.argv[1])):
    forked = os.fork()
    if forked:
        print(forked, flush=True)
    signal.pause()
"""
"""Locks a folder, starts a process that does nothing, and waits."""


def test_a_second_is_kept_out_until_the_first_is_done(tmp_path: Path) -> None:
    for _ in range(2):
        with (
            locked(tmp_path),
            pytest.raises(FolderLockedError, match=str(tmp_path)),
            locked(tmp_path),
        ):
            pytest.fail("two hold it")
    assert not list(tmp_path.iterdir())


def test_one_that_is_killed_lets_go_though_what_it_forked_lives_on(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        forked = int(holder.stdout.readline())
        try:
            with pytest.raises(FolderLockedError), locked(tmp_path):
                pytest.fail("two hold it")
            holder.kill()
            holder.wait()
            with locked(tmp_path):
                os.kill(forked, 0)
        finally:
            os.kill(forked, signal.SIGKILL)


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), locked(tmp_path / "gone"):
        pytest.fail("there is nothing to lock")
