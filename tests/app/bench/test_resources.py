"""Processor time, memory, handles and threads, of this process and its children."""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from app.bench import resources
from app.bench.resources import OTHER_THREADS, usage

BURNING_S = 0.3
PRIVATE: dict[str, int] = {} if sys.platform == "win32" else {"flags": mmap.MAP_PRIVATE}


def burn() -> None:
    while time.thread_time() < BURNING_S:
        pass


def test_a_threads_processor_time_is_under_its_name() -> None:
    before = usage()
    go_on = threading.Event()
    burnt = threading.Event()

    def work() -> None:
        burn()
        burnt.set()
        go_on.wait(20)

    thread = threading.Thread(target=work, name="burner")
    thread.start()
    assert burnt.wait(20)
    after = usage()
    go_on.set()
    thread.join()
    assert after.cpu_by_thread_s["burner"] >= BURNING_S - 0.05
    assert after.cpu_s - before.cpu_s >= BURNING_S - 0.05
    assert after.threads > before.threads
    assert "burner" not in usage().cpu_by_thread_s


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not count ended children")
def test_children_count_while_they_live_and_after_they_end() -> None:
    script = (
        f"import time\nwhile time.process_time() < {BURNING_S}: pass\nprint(flush=True)\ninput()"
    )
    before = usage()
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        alive = usage()
        child.communicate(b"\n")
    ended = usage()
    name = f"process {child.pid}"
    assert alive.cpu_by_thread_s[name] >= BURNING_S - 0.05
    assert alive.cpu_s - before.cpu_s >= BURNING_S - 0.05
    assert alive.resident_mb > before.resident_mb + 1
    assert alive.own_mb > before.own_mb + 1
    assert name not in ended.cpu_by_thread_s
    assert ended.cpu_s - before.cpu_s >= BURNING_S - 0.05


def test_a_child_that_ends_meanwhile_counts_in_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends after its memory was asked for."""

    def handles_of_this_process_alone(process: psutil.Process) -> int:
        if process.pid != os.getpid():
            raise psutil.NoSuchProcess(process.pid)
        return 0

    monkeypatch.setattr(resources, "_handles", handles_of_this_process_alone)
    before = usage()
    with subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        during = usage()
        child.communicate(b"\n")
    assert during.resident_mb < before.resident_mb + 1
    assert during.own_mb < before.own_mb + 1
    assert during.threads == before.threads
    assert f"process {child.pid}" not in during.cpu_by_thread_s


def test_memory_and_handles_are_those_held_now(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    before = usage()
    # Fresh pages of the system's: an array could take memory that the process has already.
    held = mmap.mmap(-1, 40_000_000, **PRIVATE)
    held.write(b"1" * len(held))
    files = [(tmp_path / "file").open() for _ in range(7)]
    during = usage()
    for file in files:
        file.close()
    assert during.resident_mb - before.resident_mb > 0.9 * len(held) / 1e6
    assert during.own_mb - before.own_mb > 0.9 * len(held) / 1e6
    assert during.handles == before.handles + 7
    assert usage().handles == before.handles
    held.close()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_pages_of_files_are_resident_and_not_the_processs_own(tmp_path: Path) -> None:
    path = tmp_path / "library"
    path.write_bytes(b"1" * 40_000_000)
    before = usage()
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        assert mapped[::4096]
        during = usage()
        assert during.resident_mb - before.resident_mb > 0.9 * len(mapped) / 1e6
        assert during.own_mb - before.own_mb < 0.1 * len(mapped) / 1e6


def test_threads_that_python_does_not_know_come_together() -> None:
    names = {thread.name for thread in threading.enumerate()} | {OTHER_THREADS}
    own = {name for name in usage().cpu_by_thread_s if not name.startswith("process ")}
    assert own <= names
