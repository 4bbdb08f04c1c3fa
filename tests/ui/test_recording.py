"""A person records live video, sees that it is recorded, and is told where it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Event

import numpy as np
import pytest
from PyQt6.QtGui import QAction, QImage
from PyQt6.QtWidgets import QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from app.player.recorder import RecordingState, RecordingStatus
from app.player.segmenter_thread import PlayerSegmenter
from app.sinks import free_space
from app.ui.recording_badge import RecordingBadge
from app.ui.theme import BAD
from app.ui.time_text import timer_text
from tests.app.recorded import numbers_and_times
from tests.ui.seat import Seat, tiny_loader, write_clip
from tests.waiting import HANG_S

LIVE = "test-picture:320x240@25"


@pytest.fixture
def seat(qtbot: QtBot, tmp_path: Path) -> Iterator[Seat]:
    seat = Seat(qtbot, tmp_path, tiny_loader(tmp_path))
    yield seat
    seat.leave()


def record_action(seat: Seat) -> QAction:
    """The one in the menu bar."""
    bar = seat.window.menuBar()
    assert bar is not None
    (action,) = {
        action
        for menu in bar.findChildren(QMenu)
        for action in menu.actions()
        if action.objectName() == "record"
    }
    return action


def badge_of(seat: Seat) -> RecordingBadge:
    return seat.window.transport.recording_badge


def wait_for_second(seat: Seat, second: int) -> None:
    seat.wait(lambda: badge_of(seat).text() >= f"REC 00:{second:02d}", f"{second} s are recorded")


def recorded(seat: Seat) -> list[Path]:
    return sorted((seat.folder / "recordings").glob("*.mp4"))


def has_room(seat: Seat, words: str) -> bool:
    """Whether the label of the transport bar that says ``words`` is not cut off."""
    labels = seat.window.transport.findChildren(QLabel)
    return any(
        label.text() == words and label.width() >= label.sizeHint().width() for label in labels
    )


def is_red(widget: QWidget) -> bool:
    """Whether it is filled with the colour of recording."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    rows = np.array(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    pixels = rows[:, : 3 * image.width()].reshape(-1, 3).astype(int)
    red = (np.abs(pixels - (BAD.red(), BAD.green(), BAD.blue())) < 12).all(axis=1)
    return bool(red.mean() > 0.5)


def test_a_key_starts_a_recording_and_the_menu_ends_it(seat: Seat) -> None:
    action, badge = record_action(seat), badge_of(seat)
    assert not action.isEnabled()
    seat.open(LIVE)
    seat.wait(action.isEnabled, "it can be recorded")
    assert not badge.isVisible()
    seat.press("V")
    seat.wait(badge.isVisible, "the badge is there")
    assert action.isChecked()
    wait_for_second(seat, 1)
    assert is_red(badge)
    seat.window.resize(seat.window.minimumSizeHint())
    seat.wait(lambda: has_room(seat, "LIVE"), "the badge leaves LIVE its room")
    seat.press("Space")  # a frozen picture is recorded all the same
    before = badge.text()
    seat.wait(lambda: badge.text() > before, "the time goes on")
    action.trigger()
    assert not action.isChecked()
    seat.wait(lambda: not badge.isVisible(), "it has ended")
    (video,) = recorded(seat)
    assert f"The recording is {video}." in seat.window.notice_bar.sentence
    _, times = numbers_and_times(video)
    assert times[-1] >= 2
    assert video.with_suffix(".csv").exists()
    assert video.stem[:2] == "20"  # named for its time, not for what is on screen
    assert action.isEnabled()


def test_the_button_is_there_for_live_video_alone(seat: Seat, tmp_path: Path) -> None:
    def visible() -> list[QWidget]:
        widgets = record_action(seat).associatedObjects()
        bar = seat.window.transport
        return [
            widget
            for widget in widgets
            if isinstance(widget, QWidget) and bar.isAncestorOf(widget) and widget.isVisible()
        ]

    seat.open(write_clip(tmp_path / "clip.mp4", seconds=0.5))
    assert not record_action(seat).isEnabled()
    assert visible() == []
    seat.press("V")
    assert recorded(seat) == []
    seat.open(LIVE)
    seat.wait(lambda: len(visible()) == 1, "the button is there")


def test_another_video_ends_the_recording_and_says_where_it_is(seat: Seat, tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "clip.mp4", seconds=0.5)
    seat.open(LIVE)
    seat.wait(record_action(seat).isEnabled, "it can be recorded")
    seat.press("V")
    wait_for_second(seat, 1)
    seat.open(clip)
    seat.wait(lambda: not badge_of(seat).isVisible(), "the recording has ended")
    (video,) = recorded(seat)
    assert f"The recording is {video}." in seat.window.notice_bar.sentence
    assert not record_action(seat).isChecked()
    assert numbers_and_times(video)[1][-1] >= 1


def test_closing_the_window_completes_the_recording(qtbot: QtBot, tmp_path: Path) -> None:
    seat = Seat(qtbot, tmp_path, tiny_loader(tmp_path))
    seat.open(LIVE)
    seat.wait(record_action(seat).isEnabled, "it can be recorded")
    seat.press("V")
    wait_for_second(seat, 1)
    seat.leave()
    (video,) = recorded(seat)
    assert numbers_and_times(video)[1][-1] >= 1
    assert b"moof" not in video.read_bytes()[:1000]  # whole, not cut off


def test_cancelling_the_loading_of_the_network_ends_no_recording(
    qtbot: QtBot, tmp_path: Path
) -> None:
    loaded = Event()
    load = tiny_loader(tmp_path)

    def load_slowly() -> PlayerSegmenter:
        loaded.wait(HANG_S)
        return load()

    seat = Seat(qtbot, tmp_path, load_slowly)
    seat.open(LIVE)
    seat.wait(record_action(seat).isEnabled, "it can be recorded")
    seat.press("V")
    wait_for_second(seat, 1)
    assert seat.window.loading_bar.isVisible()
    seat.press("Ctrl+.")
    assert "stop the recording first" in seat.window.notice_bar.sentence
    assert record_action(seat).isChecked()
    wait_for_second(seat, 2)
    assert seat.window.loading_bar.isVisible()
    seat.press("V")
    seat.wait(lambda: not badge_of(seat).isVisible(), "it has ended")
    seat.press("Ctrl+.")
    seat.wait(lambda: "without markers" in seat.window.notice_bar.sentence, "it is cancelled")
    loaded.set()
    seat.leave()
    assert len(recorded(seat)) == 1


def test_a_folder_that_cannot_be_written_is_said_and_the_video_goes_on(seat: Seat) -> None:
    (seat.folder / "recordings").write_bytes(b"a file")
    seat.open(LIVE)
    seat.wait(record_action(seat).isEnabled, "it can be recorded")
    seat.press("V")
    seat.wait(lambda: bool(seat.window.notice_bar.sentence), "it is said")
    assert seat.window.notice_bar.sentence.startswith("The recording ended. ")
    assert "check the output folder" in seat.window.notice_bar.sentence
    seat.wait(lambda: not record_action(seat).isChecked(), "the action shows it")
    shown = seat.model.shown
    seat.wait(lambda: seat.model.shown is not shown, "the video goes on")


def test_scarce_room_is_said_while_it_records(seat: Seat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(free_space, "WARN_BYTES", 1 << 62)  # no disk has so much left
    seat.open(LIVE)
    seat.wait(record_action(seat).isEnabled, "it can be recorded")
    seat.press("V")
    seat.wait(lambda: "GB are left" in seat.window.notice_bar.sentence, "it is said")
    assert record_action(seat).isChecked()


def test_the_badge_says_what_is_wrong_with_a_recording(qtbot: QtBot) -> None:
    badge = RecordingBadge()
    qtbot.addWidget(badge)
    good = RecordingStatus(RecordingState.RECORDING, 3725, 0, True, "", "")
    badge.show_status(good)
    assert badge.text() == "REC 1:02:05"
    badge.show_status(RecordingStatus(RecordingState.RECORDING, 12, 1234, False, "", ""))
    assert badge.text() == "REC 00:12 · black · 1,234 dropped"
    assert "until the endoscope's picture is found" in badge.toolTip()
    assert "too slow" in badge.toolTip()
    wide = badge.sizeHint().width()
    assert wide > badge.fontMetrics().horizontalAdvance(badge.text()) + badge.sizeHint().height()
    badge.show_status(RecordingStatus(RecordingState.SAVING, 12, 0, True, "", ""))
    assert badge.text() == "SAVING"
    assert not is_red(badge)
    badge.show_status(None)
    assert badge.isHidden()


def test_the_timer_counts_whole_seconds() -> None:
    assert [timer_text(seconds) for seconds in (0, 59, 60, 3599, 3600)] == [
        "00:00",
        "00:59",
        "01:00",
        "59:59",
        "1:00:00",
    ]
