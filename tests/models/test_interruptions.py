from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from models.interruptions import interruptions_held
from tests.locations import ROOT


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """SIGTERM interrupts like Ctrl-C, as in every command; both are as before afterwards."""
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before[0])
    signal.signal(signal.SIGTERM, before[1])


def interrupt(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_comes_at_the_end_in_place_of_any_error(number: signal.Signals) -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), interruptions_held():
        interrupt(number)
        interrupt(number)
        done.append("all of it")
        raise ImportError("is not installed")
    assert done == ["all of it"]
    with pytest.raises(KeyboardInterrupt):
        interrupt(number)


def test_without_an_interruption_an_error_is_itself() -> None:
    with pytest.raises(ImportError, match="is not installed"), interruptions_held():
        raise ImportError("is not installed")


def test_a_signal_that_was_ignored_stays_ignored() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with interruptions_held():
        interrupt(signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_another_thread_changes_no_handler() -> None:
    seen = []

    def hold() -> None:
        with interruptions_held():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    assert seen == [signal.default_int_handler]


COMMANDS = (
    "run_app.py",
    *(f"engine_builder/{name}.py" for name in ("build", "export", "quantise")),
    *(f"models.training.{name}" for name in ("train", "pretrain", "blend", "recentre")),
    *(f"models.evaluation.{name}" for name in ("evaluate", "choose_setting")),
    *(f"models.evaluation.{name}" for name in ("procedure", "resolution")),
)
INTERRUPTED_WHILE_IT_LOADS = """
import os, runpy, signal, sys, time

class Finder:
    def find_spec(self, name, path, target=None):
        if name == "numpy":
            try:
                os.kill(os.getpid(), signal.SIGINT)
                time.sleep(0.1)
            except KeyboardInterrupt:
                raise ImportError("cannot initialise, as native libraries say") from None

sys.meta_path.insert(0, Finder())
sys.argv = sys.argv[1:]
if sys.argv[0].endswith(".py"):
    runpy.run_path(sys.argv[0], run_name="__main__")
else:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_that_is_interrupted_while_it_loads_shows_no_stack_trace(command: str) -> None:
    words = [sys.executable, "-c", INTERRUPTED_WHILE_IT_LOADS, command, "--help"]
    result = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (130, "")
    assert result.stderr in ("", "Interrupted.\n")
