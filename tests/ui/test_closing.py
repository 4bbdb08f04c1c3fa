"""Closing while busy, and what is left afterwards: nothing."""

from __future__ import annotations

import gc
import threading
import time
from pathlib import Path

import psutil
import pytest
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.player.segmenter_thread import PlayerSegmenter
from tests.processor_wait import ProcessorWait
from tests.ui.seat import Seat, tiny_loader, write_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", seconds=1.0)


def test_closing_during_play(qtbot: QtBot, tmp_path: Path, clip: Path) -> None:
    seat = Seat(qtbot, tmp_path, tiny_loader(tmp_path))
    seat.open(clip)
    seat.wait_segmented()
    wait = ProcessorWait()
    begun_s = time.monotonic()
    seat.leave()
    assert time.monotonic() - begun_s < 10 + wait.s


def test_closing_right_after_opening(qtbot: QtBot, tmp_path: Path, clip: Path) -> None:
    seat = Seat(qtbot, tmp_path, tiny_loader(tmp_path))
    seat.model.open(str(clip))
    seat.leave()


def test_closing_while_the_network_loads(qtbot: QtBot, tmp_path: Path, clip: Path) -> None:
    begun, loaded = threading.Event(), threading.Event()
    load = tiny_loader(tmp_path)

    def load_slowly() -> PlayerSegmenter:
        begun.set()
        loaded.wait(20)
        return load()

    seat = Seat(qtbot, tmp_path, load_slowly)
    seat.open(clip)
    seat.wait(begun.is_set, "it loads")
    assert seat.window.loading_bar.isVisible()
    threading.Timer(0.5, loaded.set).start()
    seat.leave()


def test_cancelling_while_the_network_loads_leaves_the_video(
    qtbot: QtBot, tmp_path: Path, clip: Path
) -> None:
    loaded = threading.Event()
    load = tiny_loader(tmp_path)

    def load_slowly() -> PlayerSegmenter:
        loaded.wait(20)
        return load()

    seat = Seat(qtbot, tmp_path, load_slowly)
    seat.open(clip)
    seat.wait(seat.window.loading_bar.isVisible, "it loads")
    seat.press("Ctrl+.")
    seat.wait(lambda: seat.model.shown is not None, "the video is there again")
    assert not seat.window.loading_bar.isVisible()
    assert not seat.window.actions_by_name["cancel_loading"].isEnabled()
    loaded.set()
    seat.leave()


@pytest.mark.parametrize("rounds", [6, pytest.param(50, marks=pytest.mark.slow)])
def test_nothing_is_left_after_many_windows(
    qtbot: QtBot, tmp_path: Path, clip: Path, rounds: int
) -> None:
    """Of widgets, threads and open files there are as many afterwards as after the first two."""

    def once() -> tuple[int, int, int]:
        seat = Seat(qtbot, tmp_path, load)
        seat.open(clip)
        seat.wait_segmented()
        seat.leave()
        del seat
        gc.collect()
        widgets = len(QApplication.allWidgets())
        return widgets, threading.active_count(), psutil.Process().num_fds()

    load = tiny_loader(tmp_path)
    for _ in range(2):
        settled = once()
    for _ in range(rounds - 2):
        left = once()
    assert left == settled
