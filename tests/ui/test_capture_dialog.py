"""A person looks for a capture device, sees what it gives, and opens it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.player import session_maker
from app.player.settings import ViewerSettings, load_settings
from app.sources.capture_device import CaptureDevice, CaptureMode
from app.sources.live import CaptureWish, LiveSource
from app.sources.reconnecting import ReconnectingSource
from app.ui import capture_preview, device_watch
from app.ui.capture_dialog import CaptureDialog
from models.picture import PixelFormat
from tests.app.sources.faulty_device import FaultyDevice
from tests.ui.seat import LONG_MS, Seat

CARD = CaptureDevice(
    location="v4l2:usb-Card_123-video-index0",
    name="Capture Card HDMI",
    interface="v4l2",
    node="/dev/video7",
    modes=(
        CaptureMode("UYVY", 1920, 1080, (Fraction(60), Fraction(30))),
        CaptureMode("UYVY", 1280, 720, (Fraction(60), Fraction(50))),
        CaptureMode("MJPG", 1920, 1080, (Fraction(25),)),
    ),
)
BUSY = CaptureDevice(
    "v4l2:usb-Busy_1", "Busy card", "v4l2", "/dev/video9", problem="Another program has it."
)
TEST_PICTURE = CaptureDevice("test-picture:160x120@25", "Test picture", "test picture", "")


class Room:
    """The computer and what is plugged into it."""

    def __init__(self) -> None:
        self.devices: tuple[CaptureDevice, ...] = (CARD, BUSY, TEST_PICTURE)
        self.card = FaultyDevice(rate=25)
        self.opened: list[tuple[str, CaptureWish]] = []

    def list(self) -> tuple[CaptureDevice, ...]:
        return self.devices

    def open(self, location: str, wish: CaptureWish) -> LiveSource:
        self.opened.append((location, wish))
        return ReconnectingSource("The card", self.card.open)


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    room = Room()
    monkeypatch.setattr(device_watch, "capture_devices", room.list)
    monkeypatch.setattr(device_watch, "_AGAIN_MS", 50)
    monkeypatch.setattr(capture_preview, "open_live", room.open)
    monkeypatch.setattr(session_maker, "open_live", room.open)
    return room


@pytest.fixture
def seat(qtbot: QtBot, tmp_path: Path, room: Room) -> Iterator[Seat]:
    threads = threading.active_count()
    seat = Seat(qtbot, tmp_path, None)
    yield seat
    seat.leave()
    assert room.card.open_now == 0
    qtbot.waitUntil(lambda: threading.active_count() <= threads, timeout=LONG_MS)


def dialog_of(seat: Seat) -> CaptureDialog:
    seat.window.actions_by_name["open_capture"].trigger()
    dialog = seat.window.findChild(CaptureDialog)
    assert dialog is not None
    seat.wait(lambda: "Test picture" in names(dialog), "the devices are listed")
    return dialog


def gone(seat: Seat) -> bool:
    return seat.window.findChild(CaptureDialog) is None


def names(dialog: CaptureDialog) -> list[str]:
    items = (dialog.devices.item(row) for row in range(dialog.devices.count()))
    return [item.text().split("\n")[0] for item in items if item is not None]


def test_while_devices_are_looked_for_the_list_says_so(seat: Seat) -> None:
    seat.window.actions_by_name["open_capture"].trigger()
    dialog = seat.window.findChild(CaptureDialog)
    assert dialog is not None
    assert names(dialog) == ["Looking for devices …"]
    dialog.devices.setCurrentRow(0)
    assert not dialog.open_button.isEnabled()
    seat.wait(lambda: "Test picture" in names(dialog), "the devices are listed")
    assert dialog.devices.currentItem() is None


def test_no_device_is_chosen_because_the_list_has_the_focus(seat: Seat, room: Room) -> None:
    dialog = dialog_of(seat)
    dialog.address.setFocus()
    dialog.devices.setFocus(Qt.FocusReason.TabFocusReason)
    seat.wait(dialog.devices.hasFocus, "the list has the focus")
    assert dialog.devices.currentItem() is None
    assert room.opened == []


def test_a_device_is_seen_chosen_opened_and_remembered(seat: Seat, room: Room) -> None:
    dialog = dialog_of(seat)
    assert names(dialog) == ["Capture Card HDMI", "Busy card", "Test picture"]
    assert not dialog.open_button.isEnabled()
    dialog.devices.setCurrentRow(0)
    seat.wait(lambda: dialog.preview.view.shown is not None, "its picture is there")
    seat.wait(lambda: dialog.preview.signal.heading == "", "it is live")
    assert "64x48, 25/s" in dialog.preview.words.text()
    assert dialog.modes.wish == CaptureWish()

    dialog.modes.format.setCurrentText("UYVY")
    dialog.modes.format.activated.emit(dialog.modes.format.currentIndex())
    dialog.modes.size_choice.setCurrentText("1280x720")
    dialog.modes.size_choice.activated.emit(dialog.modes.size_choice.currentIndex())
    assert [dialog.modes.rate.itemText(row) for row in range(3)] == ["Automatic", "60", "50"]
    dialog.modes.rate.setCurrentText("50")
    dialog.modes.rate.activated.emit(dialog.modes.rate.currentIndex())
    wish = CaptureWish(1280, 720, Fraction(50), PixelFormat.UYVY422)
    seat.wait(lambda: room.opened[-1:] == [(CARD.location, wish)], "the preview follows")

    dialog.open_button.click()
    seat.wait(lambda: seat.model.location == CARD.location, "the window opens it")
    seat.wait(lambda: seat.model.shown is not None, "its picture is there")
    seat.wait(lambda: gone(seat), "the dialog is gone")
    assert room.opened[-1] == (CARD.location, wish)
    seat.model.save()
    remembered = load_settings(seat.folder / "viewer.json").settings
    assert (remembered.capture_location, remembered.capture_wish) == (CARD.location, wish)


def test_the_device_of_last_time_is_chosen_again_wherever_it_is_plugged_in(
    qtbot: QtBot, tmp_path: Path, room: Room
) -> None:
    wish = CaptureWish(1920, 1080, Fraction(25), PixelFormat.YUV420P)
    settings = ViewerSettings(capture_location=CARD.location, capture_wish=wish)
    room.devices = (TEST_PICTURE, replace(CARD, node="/dev/video2"))
    seat = Seat(qtbot, tmp_path, None, settings)
    dialog = dialog_of(seat)
    assert dialog.location == CARD.location
    assert dialog.modes.format.currentText() == "MJPG"
    assert dialog.modes.wish == wish
    seat.wait(lambda: dialog.preview.view.shown is not None, "its picture is there")
    dialog.cancel.click()
    seat.wait(lambda: gone(seat), "the dialog is gone")
    assert seat.model.location == ""
    seat.leave()


def test_plugging_in_and_out_changes_the_list(seat: Seat, room: Room) -> None:
    dialog = dialog_of(seat)
    dialog.devices.setCurrentRow(0)
    seat.wait(lambda: dialog.preview.view.shown is not None, "its picture is there")
    room.devices = (TEST_PICTURE,)
    room.card.plugged = False
    seat.wait(lambda: names(dialog) == ["Test picture"], "it is gone from the list")
    seat.wait(lambda: dialog.preview.view.shown is None, "no old picture is shown")
    assert not dialog.open_button.isEnabled()
    room.devices = (replace(CARD, node="/dev/video8"), TEST_PICTURE)
    room.card.plugged = True
    seat.wait(lambda: dialog.location == CARD.location, "it is chosen again")
    seat.wait(lambda: dialog.preview.view.shown is not None, "its picture is there")


def test_it_is_asked_for_again_before_it_has_gone(seat: Seat) -> None:
    dialog = dialog_of(seat)
    dialog.devices.setCurrentRow(0)
    seat.wait(lambda: dialog.preview.view.shown is not None, "its picture is there")
    dialog.reject()
    assert dialog_of(seat) is dialog
    assert dialog.isVisible()
    seat.wait(lambda: dialog.preview.view.shown is not None, "its picture is there again")
    seat.qtbot.wait(200)
    assert dialog.isVisible()


def test_a_lost_signal_is_said_in_the_preview(seat: Seat, room: Room) -> None:
    dialog = dialog_of(seat)
    dialog.devices.setCurrentRow(0)
    seat.wait(lambda: dialog.preview.view.shown is not None, "its picture is there")
    room.card.has_signal = False
    seat.wait(lambda: dialog.preview.signal.heading == "NO SIGNAL", "it is said")
    room.card.has_signal = True
    seat.wait(lambda: dialog.preview.signal.heading == "", "it is live again")


def test_a_device_that_cannot_be_used_says_why(seat: Seat, room: Room) -> None:
    dialog = dialog_of(seat)
    dialog.devices.setCurrentRow(1)
    assert dialog.problem.text() == "Another program has it."
    assert not dialog.open_button.isEnabled()
    assert room.opened == []


def test_an_address_takes_the_place_of_a_device(seat: Seat, room: Room) -> None:
    dialog = dialog_of(seat)
    dialog.devices.setCurrentRow(2)
    dialog.address.setText("no address")
    assert dialog.devices.currentRow() == -1
    assert "no address of a stream; give udp://" in dialog.problem.text()
    assert not dialog.open_button.isEnabled()
    address = "udp://@:5000"
    dialog.address.setText(address)
    assert dialog.problem.text() == ""
    dialog.try_address.click()
    seat.wait(lambda: dialog.preview.view.shown is not None, "its picture is there")
    dialog.address.setText(f"{address}1")
    assert dialog.preview.view.shown is None
    dialog.devices.setCurrentRow(2)
    assert dialog.address.text() == ""
    dialog.address.setText(address)
    dialog.open_button.click()
    seat.wait(lambda: seat.model.location == address, "the window opens it")
    assert seat.model.settings.capture_location == address


def test_what_is_open_already_is_not_opened_twice(seat: Seat, room: Room) -> None:
    seat.open(CARD.location)
    dialog = dialog_of(seat)
    room.opened.clear()
    dialog.devices.setCurrentRow(0)
    assert "open in the window behind" in dialog.preview.words.text()
    assert room.opened == []


def test_the_window_may_be_closed_over_the_preview(seat: Seat) -> None:
    """The fixture checks that no thread and no device is left."""
    dialog = dialog_of(seat)
    dialog.devices.setCurrentRow(0)
    seat.wait(lambda: dialog.preview.view.shown is not None, "its picture is there")


def test_ten_dialogs_leave_nothing(seat: Seat, room: Room) -> None:
    counts = []
    for _ in range(10):
        dialog = dialog_of(seat)
        dialog.devices.setCurrentRow(0)
        seat.wait(lambda: room.card.open_now > 0, "the device is open")
        dialog.reject()
        seat.wait(lambda: gone(seat), "the dialog is gone")
        counts.append((len(QApplication.allWidgets()), room.card.open_now))
    assert counts[-1] == counts[1]
