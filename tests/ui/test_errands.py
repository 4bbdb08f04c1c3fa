"""What is done beside the window comes back to it, or is forgotten."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from PyQt6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.sources.capture_device import CaptureDevice
from app.ui import device_watch
from app.ui.device_watch import DeviceWatch
from app.ui.errands import Errands

THREAD = "polyplens-test"


def running() -> int:
    return sum(thread.name == THREAD for thread in threading.enumerate())


def test_every_answer_comes_on_the_gui_thread(qtbot: QtBot) -> None:
    parent = QObject()
    answers: list[tuple[int, bool]] = []
    here = threading.get_ident()

    def take(answer: int) -> None:
        answers.append((answer, threading.get_ident() == here))

    errands = Errands(parent, THREAD, take, daemon=True)
    for number in range(5):
        errands.send(partial(int, number))
    assert errands.awaited
    qtbot.waitUntil(lambda: len(answers) == 5)
    assert sorted(answers) == [(number, True) for number in range(5)]
    assert not errands.awaited


def test_what_is_forgotten_says_nothing_and_the_next_one_does(qtbot: QtBot) -> None:
    parent = QObject()
    may_end = threading.Event()
    answers: list[str] = []

    def slow() -> str:
        may_end.wait()
        return "late"

    errands = Errands(parent, THREAD, answers.append, daemon=True)
    errands.send(slow)
    errands.forget()
    assert not errands.awaited
    may_end.set()
    errands.send(lambda: "in time")
    qtbot.waitUntil(lambda: bool(answers))
    qtbot.waitUntil(lambda: running() == 0)
    qtbot.wait(50)
    assert answers == ["in time"]


def test_waiting_takes_the_answers_and_is_bounded(qtbot: QtBot) -> None:
    del qtbot
    parent = QObject()
    never = threading.Event()
    answers: list[str] = []
    errands = Errands(parent, THREAD, answers.append, daemon=True)
    errands.send(lambda: "done")
    errands.send(lambda: str(never.wait()))
    errands.wait(0.2)
    assert answers == ["done"]
    assert errands.awaited
    never.set()
    errands.wait(10.0)
    assert answers == ["done", "True"]


def test_devices_are_looked_for_again_after_a_look_that_nobody_waited_for(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_answer = threading.Event()

    def slow_list() -> tuple[CaptureDevice, ...]:
        may_answer.wait()
        return ()

    monkeypatch.setattr(device_watch, "capture_devices", slow_list)
    parent = QObject()
    watch = DeviceWatch(parent)
    found: list[tuple[CaptureDevice, ...]] = []
    watch.found.connect(found.append)
    watch.look()
    watch.stop()
    may_answer.set()
    watch.look()
    qtbot.waitUntil(lambda: bool(found))
    watch.stop()
