"""The command line's words, exit codes and sentences."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app import cli
from app.version import version
from tests.app.command import RUN_APP, run_app
from tests.locations import ROOT


def test_it_says_its_version() -> None:
    result = run_app("--version")
    assert (result.returncode, result.stdout) == (0, f"PolypLens {version()}\n")
    assert f'version = "{version()}"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_without_a_command_the_viewer_opens_or_says_that_there_is_no_display() -> None:
    displays = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    environment = {name: value for name, value in os.environ.items() if name not in displays}
    result = run_app(env=environment)
    assert (result.returncode, result.stdout) == (1, "")
    assert "no display" in result.stderr
    assert "run_app.py replay FILE --output FOLDER" in result.stderr


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["dance"], "invalid choice: 'dance'"),
        (["replay", "-o", "out"], "the following arguments are required: IN"),
        (["replay", "clip.mp4"], "the following arguments are required: -o/--output"),
        (["replay", "clip.mp4", "-o", "out", "--start", "soon"], "'soon' is no time"),
        (["replay", "clip.mp4", "-o", "out", "--start", "-1"], "'-1' is no time"),
        (["replay", "clip.mp4", "-o", "out", "--start", "5", "--end", "0:05"], "must be later"),
        (["replay", "clip.mp4", "-o", "out", "--threshold", "50"], "'50' is no number from 0 to 1"),
        (["replay", "clip.mp4", "-o", "out", "--input-size", "200"], "no multiple of 32; use 224"),
        (["view", "--engine", "e", "--input-size", "224"], "has an input size of its own"),
        (["replay", "clip.mp4", "-o", "out", "--threshold", "nan"], "is no number from 0 to 1"),
        (["replay", "clip.mp4", "-o", "out", "--marker", "star"], "invalid choice: 'star'"),
        (["replay", "clip.mp4", "-o", "out", "--backend", "torch"], "invalid choice: 'torch'"),
        (
            ["replay", "a.mp4", "-o", "out", "--backend", "openvino", "--engine", "e"],
            "--engine is for TensorRT",
        ),
        (["view", "--backend", "openvino", "--engine", "e"], "--engine is for TensorRT"),
        (["view", "--screen", "left"], "invalid int value: 'left'"),
    ],
)
def test_wrong_usage_is_exit_code_2(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["rtsp://nurse:hidden@host/a"],
        ["view", "clip.mp4", "rtsp://nurse:hidden@host/a"],
        ["devices", "srt://:9000?passphrase=hidden words"],
        ["bench", "--size", "srt://:9000?passphrase=hidden words"],
    ],
)
def test_wrong_usage_shows_no_password(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(words)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert "://…" in said
    assert "hidden" not in said


def test_a_stack_trace_comes_only_with_debug(tmp_path: Path) -> None:
    words = ("replay", tmp_path / "gone.mp4", "-o", tmp_path / "out")
    plain = run_app(*words)
    assert plain.returncode == 1
    assert plain.stderr == f"There is no {words[1]}; check the spelling and the folder.\n"
    debug = run_app(*words, "--debug")
    assert debug.returncode == 1
    assert "Traceback" in debug.stderr
    assert debug.stderr.endswith(plain.stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_that_is_full_is_one_sentence(unbuffered: str) -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [*RUN_APP, "devices"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert result.returncode == 1
    assert result.stderr.startswith("Standard output cannot be written (No space left on device);")
    assert result.stderr.count("\n") == 1


def test_output_that_nobody_reads_is_one_sentence() -> None:
    with subprocess.Popen(
        [*RUN_APP, "devices"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        errors = process.stderr.read()
    assert process.returncode == 1
    assert errors.startswith("Standard output cannot be written (Broken pipe);")
    assert errors.count("\n") == 1


INTERRUPTED_WHILE_IT_LOADS = """
import os, runpy, signal, sys
class Finder:
    def find_spec(self, name, path, target=None):
        if name == "numpy":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Finder())
sys.argv = ["run_app.py", "devices"]
runpy.run_path("run_app.py", run_name="__main__")
"""


def test_an_interruption_while_it_loads_has_no_stack_trace() -> None:
    command = [sys.executable, "-c", INTERRUPTED_WHILE_IT_LOADS]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "Interrupted.\n")


PROBE = """
import sys
from app.cli import main
code = main(sys.argv[1:])
heavy = {"torch", "PyQt6"} & set(sys.modules)
sys.exit(f"imported {heavy}" if heavy else code)
"""


@pytest.mark.parametrize("command", ["replay", "check"])
def test_commands_import_neither_torch_nor_qt(tmp_path: Path, command: str) -> None:
    words = ["check", "--json"]
    if command == "replay":
        words = ["replay", str(tmp_path / "gone.mp4"), "-o", str(tmp_path)]
    result = subprocess.run(
        [sys.executable, "-c", PROBE, *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert "imported" not in result.stderr
    assert result.returncode == (1 if command == "replay" else 0)


def test_help_waits_for_no_heavy_library() -> None:
    probe = (
        "import sys, app.cli; "
        "sys.exit(str({'pyarrow', 'openvino', 'onnxruntime', 'torch', 'PyQt6'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.stderr == "set()\n"
