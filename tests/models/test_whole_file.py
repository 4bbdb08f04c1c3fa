"""A file is written whole, or left as it was."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from models.whole_file import PRIVATE, require_place, write_whole
from tests.locations import ROOT


def test_it_is_written_in_place_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"", b"one", b"\x00another" * 1000):
        write_whole(path, content)
        assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_the_rights_are_those_of_the_umask_or_the_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "shared", b"")
        write_whole(tmp_path / "private", b"", PRIVATE)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("shared", "private")]
    assert modes == [0o640, 0o600]


def test_on_a_full_disk_the_old_file_stays_and_nothing_is_left(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")
    # A limit on the size of files fails a write as a full disk does; it needs its own process.
    program = (
        "import resource, signal, sys; from pathlib import Path\n"
        "from models.whole_file import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "write_whole(Path(sys.argv[1]), bytes(100_000))\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program, path], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "OSError: [Errno 27]" in result.stderr
    assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["file"]


def test_a_missing_folder_is_an_error_that_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "gone" / "file", b"")
    assert list(tmp_path.iterdir()) == []


def test_what_is_wrong_with_a_path_is_said_of_it_and_not_of_a_hidden_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    wrong = [tmp_path / "gone" / "new", tmp_path / "file" / "new", tmp_path / "folder"]
    for path in wrong:
        for act in (require_place, lambda path: write_whole(path, b"new")):
            with pytest.raises(OSError, match=str(path)) as raised:
                act(path)
            assert raised.value.filename == str(path)
    assert {each.name for each in tmp_path.iterdir()} == {"file", "folder"}


def test_what_is_read_is_not_written(tmp_path: Path) -> None:
    read = tmp_path / "model.onnx"
    read.write_bytes(b"old")
    (tmp_path / "link.onnx").symlink_to(read)
    for path in (read, tmp_path / "link.onnx", tmp_path / "folder" / ".." / "model.onnx"):
        (tmp_path / "folder").mkdir(exist_ok=True)
        with pytest.raises(OSError, match=r"is the file that is read.*name another"):
            require_place(path, tmp_path / "other", read)
    require_place(tmp_path / "new.onnx", read)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows synchronises files alone")
def test_its_name_outlives_a_loss_of_power_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, synchronise = tmp_path / "file", os.fsync
    synchronised = []

    def noted(descriptor: int) -> None:
        synchronise(descriptor)
        synchronised.append((os.fstat(descriptor).st_ino, path.exists()))

    monkeypatch.setattr(os, "fsync", noted)
    write_whole(path, b"new")
    assert synchronised == [(path.stat().st_ino, False), (tmp_path.stat().st_ino, True)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no named pipes")
def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    pipe = tmp_path / "like a device"
    os.mkfifo(pipe)
    with pytest.raises(OSError, match="no regular file"):
        write_whole(pipe, b"new")
    assert pipe.is_fifo()
    assert list(tmp_path.iterdir()) == [pipe]
