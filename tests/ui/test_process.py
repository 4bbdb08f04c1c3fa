"""The viewer as a process: ``python run_app.py view``."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import psutil
import pytest

from app.player.settings import MarkerKind, ViewerSettings, load_settings, save_settings
from tests.app.command import RUN_APP, run_app
from tests.locations import DEMO_CLIP
from tests.waiting import wait_until


@pytest.fixture
def environment(display: str, tmp_path: Path) -> dict[str, str]:
    """A home of its own on the test display."""
    return {
        **os.environ,
        "DISPLAY": display,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
    }


def _log(home: Path) -> str:
    path = home / "state" / "polyplens" / "viewer.log"
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _start(
    environment: dict[str, str], *words: str, location: str = str(DEMO_CLIP)
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*RUN_APP, "view", location, *words],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _wait_for(words: str, process: subprocess.Popen[str], home: Path) -> None:
    """Until the log says ``words``."""
    wait_until(lambda: words in _log(home) or process.poll() is not None, f"{words!r} in the log")
    assert words in _log(home), process.communicate()


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)], ids=["SIGTERM", "SIGINT"]
)
def test_a_signal_closes_it_while_it_plays(
    environment: dict[str, str], tmp_path: Path, number: signal.Signals, code: int
) -> None:
    process = _start(environment, "--backend", "onnxruntime")
    _wait_for("the network runs with", process, tmp_path)
    process.send_signal(number)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (code, "", "")
    log = _log(tmp_path)
    assert "PolypLens ends" in log
    assert "demo" not in log  # a file's name may name a patient
    settings = load_settings(tmp_path / "config" / "polyplens" / "viewer.json").settings
    assert settings.recent_files == (str(DEMO_CLIP),)
    assert settings.window_geometry


def test_a_signal_closes_it_while_it_loads(environment: dict[str, str], tmp_path: Path) -> None:
    process = _start(environment)
    _wait_for("the window is open", process, tmp_path)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, ""), errors
    assert "Traceback" not in errors
    assert "PolypLens ends" in _log(tmp_path)


def test_a_live_view_is_closed_with_the_process_of_its_network(
    environment: dict[str, str], tmp_path: Path
) -> None:
    process = _start(environment, "--backend", "onnxruntime", location="test-picture:320x240@5")
    _wait_for("the network runs with", process, tmp_path)
    family = psutil.Process(process.pid).children(recursive=True)
    assert any("models.supervised.child" in child.cmdline() for child in family)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output, errors) == (0, "", "")
    _, alive = psutil.wait_procs(family, timeout=5)
    assert alive == []


def test_sound_without_a_loudspeaker_is_one_line(
    environment: dict[str, str], tmp_path: Path
) -> None:
    """On a machine that has one nothing is said at all."""
    save_settings(ViewerSettings(sound=True), tmp_path / "config" / "polyplens" / "viewer.json")
    no_service = {"PULSE_SERVER": f"unix:{tmp_path}/none", "PIPEWIRE_REMOTE": "none"}
    process = _start({**environment, **no_service}, "--backend", "onnxruntime")
    _wait_for("the first frame with a marker is shown", process, tmp_path)
    process.send_signal(signal.SIGTERM)
    output, errors = process.communicate(timeout=30)
    assert (process.returncode, output) == (0, "")
    said = [line for line in _log(tmp_path).splitlines() if "sound" in line]
    assert [line.split(": ", 1)[1] for line in said] == errors.splitlines()
    assert len(said) <= 1


def test_reset_forgets_the_settings(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "config" / "polyplens" / "viewer.json"
    save_settings(ViewerSettings(marker=MarkerKind.FILL), path)
    for words, marker in (((), MarkerKind.FILL), (("--reset",), MarkerKind.BOX)):
        process = _start(environment, "--backend", "onnxruntime", *words)
        (tmp_path / "state" / "polyplens" / "viewer.log").unlink(missing_ok=True)
        _wait_for("the window is open", process, tmp_path)
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=30)
        assert load_settings(path).settings.marker is marker


def test_a_monitor_that_is_not_there_is_one_sentence(environment: dict[str, str]) -> None:
    result = run_app("view", "--screen", "9", env=environment)
    assert result.returncode == 1
    assert result.stderr.startswith("There is no monitor 9; --screen takes one of these: 1:")
    assert result.stderr.count("\n") == 1


def test_a_display_that_does_not_answer_is_one_sentence(environment: dict[str, str]) -> None:
    result = run_app("view", env={**environment, "DISPLAY": ":987"})
    assert result.returncode == 1
    assert result.stderr.startswith("The display :987 cannot be reached")
    assert result.stderr.count("\n") == 1


def test_a_home_that_cannot_be_written_keeps_nobody_from_watching(
    environment: dict[str, str], tmp_path: Path
) -> None:
    nowhere = tmp_path / "file"
    nowhere.touch()
    kept_out = {"HOME": str(nowhere), "XDG_CONFIG_HOME": "", "XDG_STATE_HOME": ""}
    process = subprocess.Popen(
        [*RUN_APP, "view", str(DEMO_CLIP), "--backend", "onnxruntime"],
        env={**environment, **kept_out},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    # Libraries have complaints of their own.
    said = next((line for line in process.stderr if line.startswith("No log is kept:")), "")
    process.send_signal(signal.SIGTERM)
    rest = process.communicate()[1]
    assert (process.returncode, bool(said)) == (0, True), rest
