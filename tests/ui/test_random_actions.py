"""A person who presses anything at any time."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from PyQt6.QtCore import QPoint
from PyQt6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from app.player.settings import MarkerKind
from app.ui.actions import ACTIONS
from tests.ui.seat import Seat, tiny_loader, write_clip

ACTION_COUNT = 500
ELSEWHERE = (
    "open_file",
    "open_folder",
    "open_demo",
    "open_log",
    "open_snapshots",
    "open_recordings",
    "verify_engine",
    "quit",
)
"""Actions that open a window of the desktop's, render for long, or end everything."""


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_five_hundred_random_actions(qtbot: QtBot, tmp_path: Path, seed: int) -> None:
    clips = [write_clip(tmp_path / f"clip{number}.mp4", seconds=1.0) for number in range(2)]
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"\x00" * 5000)
    threads_before = threading.active_count()
    seat = Seat(qtbot, tmp_path, tiny_loader(tmp_path))
    seat.open(clips[0])
    chance = random.Random(seed)
    names = [spec.name for spec in ACTIONS if spec.name not in ELSEWHERE]
    for _ in range(ACTION_COUNT):
        kind = chance.random()
        if kind < 0.7:
            seat.window.actions_by_name[chance.choice(names)].trigger()
        elif kind < 0.8:
            bar = seat.window.transport.time_bar
            place = QPoint(chance.randrange(bar.width()), bar.height() // 2)
            if bar.isVisible():  # not over live video
                seat.click(bar, place)
        elif kind < 0.83:
            seat.model.open("test-picture:160x120@50")
        elif kind < 0.87:
            seat.drop(chance.choice([*clips, broken]))
        elif kind < 0.94:
            seat.model.change(
                threshold=round(chance.random(), 2),
                minimum_alert_ms=chance.choice([0, 200]),
                marker=chance.choice(list(MarkerKind)),
                sound=chance.random() < 0.3,
            )
        else:
            seat.window.resize(chance.randrange(400, 1600), chance.randrange(300, 1000))
        if chance.random() < 0.2:
            qtbot.wait(chance.randrange(40))
        else:
            QApplication.processEvents()
    for dialog in seat.window.findChildren(QDialog):
        dialog.close()
    seat.window.activateWindow()
    seat.drop(clips[1])
    seat.wait(lambda: seat.model.location == str(clips[1]), "it still opens a video")
    seat.wait(lambda: seat.model.shown is not None, "and shows it")
    seat.leave()
    assert threading.active_count() <= threads_before
