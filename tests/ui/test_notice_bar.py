"""What the person should know stays until they have read it, and does not come back after that."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import pytest
from PyQt6.QtCore import QObject
from pytestqt.qtbot import QtBot

from app.player.shown import AiState
from app.sources.phantom import PhantomSource
from app.ui.notice_bar import NoticeBar
from app.ui.state_notices import StateNotices
from models.backends.base import BackendInfo
from tests.ui.seat import Seat, tiny_loader, write_clip
from tests.ui.test_bridge import STATE


@pytest.fixture
def bar(qtbot: QtBot) -> NoticeBar:
    bar = NoticeBar()
    qtbot.addWidget(bar)
    return bar


@pytest.fixture
def seat(qtbot: QtBot, tmp_path: Path) -> Iterator[Seat]:
    seat = Seat(qtbot, tmp_path, tiny_loader(tmp_path))
    yield seat
    seat.leave()


def test_what_comes_later_does_not_hide_what_nobody_has_read(bar: NoticeBar) -> None:
    bar.show_sentence("An image could not be read.")
    bar.show_sentence("Another runtime is used.")
    assert bar.sentence == "An image could not be read.\nAnother runtime is used."
    bar.show_sentence("An image could not be read.")
    assert bar.sentence == "Another runtime is used.\nAn image could not be read."
    for number in range(5):
        bar.show_sentence(f"Sentence {number}.")
    assert bar.sentence == "Sentence 2.\nSentence 3.\nSentence 4."
    bar.show_sentence("")
    assert bar.isHidden()


def test_damage_that_was_read_comes_back_only_with_another_kind(bar: NoticeBar) -> None:
    bar.show_damage(("1 frame was damaged.",))
    bar.show_damage(("2 frames were damaged.",))
    assert bar.sentence == "2 frames were damaged."
    bar.dismiss()
    bar.show_damage(("3 frames were damaged.",))
    assert bar.sentence == ""
    bar.show_damage(("1 frame was left out.", "3 frames were damaged."))
    assert bar.sentence == "1 frame was left out.\n3 frames were damaged."
    bar.dismiss()
    bar.show_damage(())
    bar.show_damage(("1 frame was damaged.",))
    assert bar.sentence == "1 frame was damaged.", "this is another video"


def test_an_image_that_cannot_be_read_is_still_said_after_the_next_notice(
    seat: Seat, tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    with PhantomSource(128, 96, seconds=1.0) as source:
        for index in range(3):
            assert cv2.imwrite(str(folder / f"{index}.png"), source.image(index))
    (folder / "broken.png").write_bytes(b"no image")
    seat.open(folder)
    bar = seat.window.notice_bar
    seat.wait(lambda: "broken.png" in bar.sentence, "it is said")
    seat.model.notice("Something else.")
    assert "broken.png" in bar.sentence
    assert "Something else." in bar.sentence
    seat.press("H")
    assert bar.sentence == ""
    seat.press("Ctrl+W")
    seat.open(write_clip(tmp_path / "clip.mp4", seconds=0.5))
    assert "broken.png" not in bar.sentence


def test_a_damaged_video_is_logged_once_and_not_for_each_of_its_frames(
    seat: Seat, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    damaged = write_clip(tmp_path / "damaged.mp4")
    content = bytearray(damaged.read_bytes())
    for place in range(len(content) // 4, len(content) // 2, 331):
        content[place] ^= 0xFF
    damaged.write_bytes(content)
    caplog.set_level(logging.WARNING)
    seat.open(damaged)
    seat.press("R")
    seat.wait(lambda: "frames were decoded from" in seat.window.notice_bar.sentence, "it is said")
    seat.wait(lambda: seat.window.transport.badge.state is AiState.READY, "the network runs")
    seat.qtbot.wait(1500)
    said = [record for record in caplog.records if "decoded from damaged" in record.message]
    kinds = 4
    assert 1 <= len(said) <= kinds


def test_a_network_that_is_started_again_announces_nothing_twice(qtbot: QtBot) -> None:
    del qtbot
    notices = StateNotices(QObject())
    passed_over = "One runtime is not used."
    runtime = BackendInfo("other", "1", "a processor", "FP32", "", (passed_over,))
    runs = replace(STATE, notices=(passed_over,), runtime=runtime)
    assert notices.news(runs) == f"{passed_over} The network runs with other on a processor."
    slow = "The network is slow."
    assert notices.news(replace(runs, notices=(passed_over, slow))) == slow
    assert notices.news(STATE) == "", "its process died"
    assert notices.news(runs) == ""
    notices.forget()
    assert passed_over in notices.news(runs)
