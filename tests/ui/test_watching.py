"""A person opens a video, plays it, looks around in it and drops another one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QColor
from PyQt6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QMenu,
    QProgressBar,
    QSlider,
    QToolButton,
)
from pytestqt.qtbot import QtBot

from app.player.events import EventSnapshot, PolypEvent
from app.player.playback import WHOLE_VIDEO, PlaybackState
from app.player.segmenter_thread import PlayerSegmenter
from app.player.settings import MarkerKind, load_settings
from app.player.shown import AiState
from app.sources.phantom import PhantomSource
from models.backends.selection import choose_backend
from models.segmenter import Segmenter
from tests.models.tiny_model import write_tiny_model
from tests.ui.seat import CLIP_SECONDS, FRAME_S, Seat, tiny_loader, write_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip") / "procedure.mp4")


@pytest.fixture
def seat(qtbot: QtBot, tmp_path: Path) -> Iterator[Seat]:
    seat = Seat(qtbot, tmp_path, tiny_loader(tmp_path))
    yield seat
    seat.leave()


def _stands_at(seat: Seat, wanted_s: float, tolerance_s: float) -> bool:
    return abs(seat.position_s - wanted_s) < tolerance_s


def test_before_a_video_is_open_it_says_how_to_open_one(seat: Seat) -> None:
    assert seat.window.transport.badge.state is AiState.NO_SIGNAL
    assert seat.window.windowTitle() == "PolypLens"
    assert not seat.window.view.isVisible()
    seat.press("Space")
    seat.press("Right")
    assert seat.notices == []


def test_a_button_that_can_do_nothing_now_looks_like_it(seat: Seat, clip: Path) -> None:
    (button,) = (
        button
        for button in seat.window.transport.findChildren(QToolButton)
        if button.defaultAction() is seat.window.actions_by_name["snapshot"]
    )

    def brightest() -> int:
        image = button.grab().toImage()
        return max(
            QColor(image.pixel(x, y)).lightness()
            for x in range(image.width())
            for y in range(image.height())
        )

    nothing_to_save = brightest()
    seat.open(clip)
    seat.wait(button.isEnabled, "there is something to save")
    assert nothing_to_save < brightest() / 2


def test_what_was_said_of_a_video_goes_with_it(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.wait(lambda: bool(seat.window.transport.finding), "something is marked")
    seat.pause()
    assert seat.model.shown is not None
    seat.model.shown_changed.emit(replace(seat.model.shown, frames_dropped=44))

    def figures() -> list[str]:
        labels = seat.window.transport.findChildren(QLabel)
        return [label.text() for label in labels if label.text().split()[:1] in (["peak"], ["44"])]

    assert len(figures()) == 2
    seat.press("Ctrl+W")
    seat.wait(lambda: seat.model.location == "", "it is closed")
    assert figures() == []


def test_settings_that_cannot_be_kept_are_said_once(seat: Seat) -> None:
    path = seat.folder / "viewer.json"
    path.mkdir()
    for opacity in (0.3, 0.4):
        seat.model.change(opacity=opacity)
        seat.model.save()
    (notice,) = seat.notices
    assert notice.startswith("The settings cannot be kept:")
    assert str(path) in notice
    path.rmdir()
    seat.model.change(opacity=0.5)
    seat.model.save()
    assert load_settings(path).settings.opacity == 0.5


def test_every_field_says_what_it_is_to_a_screen_reader(seat: Seat) -> None:
    seat.press("Ctrl+,")
    seat.press("Ctrl+D")
    dialogs = seat.window.findChildren(QDialog)
    assert len(dialogs) == 2
    for dialog in dialogs:
        buddies = [label.buddy() for label in dialog.findChildren(QLabel)]
        for kind in (QLineEdit, QAbstractSpinBox, QComboBox, QSlider, QKeySequenceEdit):
            for field in dialog.findChildren(kind):
                inside = isinstance(field.parent(), QAbstractSpinBox | QKeySequenceEdit)
                assert field.accessibleName() or field in buddies or inside, (dialog, field)
    for bar in seat.window.findChildren(QProgressBar):
        assert bar.accessibleName()


@pytest.mark.parametrize("live", [False, True], ids=["recorded", "live"])
def test_what_keeps_marks_away_is_on_screen(seat: Seat, clip: Path, live: bool) -> None:
    """It is kept from one day to the next, and READY says nothing of it."""
    seat.open("test-picture:320x240@25" if live else clip)
    seat.wait_segmented()

    def is_read(words: str) -> bool:
        labels = seat.window.transport.findChildren(QLabel)
        return any(words in label.text() and label.isVisible() for label in labels)

    assert not is_read("threshold")
    seat.model.change(threshold=0.95, minimum_alert_ms=700)
    seat.press("C")
    seat.wait(lambda: is_read("markers hidden · threshold 0.95 · marks after 700 ms"), "it is said")
    seat.press("C")
    seat.wait(lambda: not is_read("markers hidden"), "they are shown again")
    assert "with its own marker" not in seat.window.transport.badge.toolTip()


def many_events(count: int) -> EventSnapshot:
    return EventSnapshot(
        events=tuple(
            PolypEvent(2.0 * n, 2.0 * n + 1, 0.9, 0.1, 2.0 * n, frames=20) for n in range(count)
        )
    )


def test_a_list_that_is_looked_through_stays_where_it_is_when_it_grows(seat: Seat) -> None:
    events, show = seat.window.event_list, seat.model.events_changed.emit
    bar, rows = events.verticalScrollBar(), events.model()
    assert bar is not None
    assert rows is not None
    show(many_events(5000))
    seat.wait(lambda: bar.maximum() > 5000, "the list is longer than the window")
    events.follow(2500.5)
    place, current = bar.value(), events.currentIndex().row()
    assert (place > 0, current) == (True, 1250)
    for count in (5001, 5002, 4999):
        show(many_events(count))
        assert rows.rowCount() == count
        assert (bar.value(), events.currentIndex().row()) == (place, current)
    events.follow(2501.5)
    assert events.currentIndex().row() == -1  # between two events
    show(EventSnapshot())
    assert rows.rowCount() == 0


def test_it_plays_in_its_own_time_to_the_end(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    assert seat.window.view.isVisible()
    assert "procedure.mp4" in seat.window.windowTitle()
    seat.wait_segmented()
    assert seat.window.transport.badge.state is AiState.READY
    seat.wait(lambda: seat.playback is PlaybackState.ENDED, "the clip ends")
    assert seat.position_s == pytest.approx(CLIP_SECONDS - FRAME_S, abs=1e-6)
    assert seat.model.settings.recent_files == (str(clip),)


def test_space_freezes_and_the_dot_and_comma_step(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.pause()
    seat.press("Home")
    seat.wait(lambda: seat.position_s == 0, "the start is shown")
    for keys, position_s in ((".", FRAME_S), (".", 2 * FRAME_S), (",", FRAME_S)):
        seat.press(keys)
        seat.wait(partial(_stands_at, seat, position_s, 1e-6), f"{keys} was done")
    assert seat.playback is PlaybackState.PAUSED


def test_a_click_on_the_time_bar_seeks(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.pause()
    bar = seat.window.transport.time_bar
    seat.click(bar, QPoint(bar.width() // 2, bar.height() // 2))
    seat.wait(lambda: abs(seat.position_s - CLIP_SECONDS / 2) <= 2 * FRAME_S, "the middle is shown")
    assert bar.position_s == seat.position_s


def test_keys_pressed_in_a_row_add_up(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.pause()
    seat.press("Home")
    seat.wait(lambda: seat.position_s == 0, "the start is shown")
    seat.window.controls.seek_by(1.0)
    seat.window.controls.seek_by(1.0)
    seat.wait(lambda: abs(seat.position_s - 2.0) < FRAME_S, "both counted")


def test_speed_and_loop(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    for _ in range(3):
        seat.press("]")
        seat.qtbot.wait(150)  # the speed that was set comes back with the state
    seat.press("R")
    seat.wait(lambda: seat.model.state is not None and seat.model.state.speed == 2.0, "speed is 2")
    seat.wait(
        lambda: seat.model.state is not None and seat.model.state.loop == WHOLE_VIDEO, "it loops"
    )
    assert seat.window.actions_by_name["loop"].isChecked()
    seen: list[float] = []
    seat.model.shown_changed.connect(lambda shown: seen.append(shown.frame.pts_s))
    seat.wait(
        lambda: any(later < before for before, later in pairwise(seen)),
        "it began anew",
    )
    assert seat.playback is PlaybackState.PLAYING


def test_a_part_is_looped(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.pause()
    for start_s, keys in ((0.5, "A"), (1.0, "A")):
        seat.window.controls.seek(start_s)
        seat.wait(partial(_stands_at, seat, start_s, FRAME_S), "it is there")
        seat.press(keys)
    seat.wait(
        lambda: seat.model.state is not None and seat.model.state.loop is not None, "it loops"
    )
    state = seat.model.state
    assert state is not None and state.loop is not None
    assert (state.loop.start_s, state.loop.end_s) == pytest.approx((0.5, 1.0), abs=FRAME_S)


def test_markers_change_and_vanish_with_one_key(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    for keys, kind in (("2", MarkerKind.CONTOUR), ("3", MarkerKind.FILL), ("4", MarkerKind.FRAME)):
        seat.press(keys)
        assert seat.window.view.look.kind is kind
    seat.press("C")
    assert not seat.window.view.look.visible
    seat.press("1")
    assert seat.window.view.look.visible
    assert seat.window.view.look.kind is MarkerKind.BOX
    seat.press("D")
    assert seat.window.view.look.side_by_side
    seat.press("X")
    assert seat.window.view.look.crop_to_area


def test_the_threshold_takes_effect_on_a_frozen_picture(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.wait_segmented()
    seat.pause()
    seat.model.change(threshold=0.0)
    seat.wait(lambda: seat.model.shown is not None and bool(seat.model.shown.alerts), "all marked")
    seat.model.change(threshold=1.0)
    seat.wait(lambda: seat.model.shown is not None and not seat.model.shown.alerts, "none marked")


def test_events_fill_the_list_and_lead_to_their_place(seat: Seat, clip: Path) -> None:
    seat.model.change(threshold=0.0)
    seat.open(clip)
    seat.wait(lambda: bool(seat.model.events.events), "an event was seen")
    seat.wait(lambda: seat.playback is PlaybackState.ENDED, "the clip ends")
    events = seat.window.event_list
    rows = events.model()
    assert rows is not None
    assert rows.rowCount() == len(seat.model.events.events)
    first = rows.index(0, 0)
    assert "peak" in rows.data(first)
    assert rows.data(first, Qt.ItemDataRole.DecorationRole).width() > 0
    viewport = events.viewport()
    assert viewport is not None
    seat.click(viewport, events.visualRect(first).center())
    start_s = seat.model.events.events[0].start_s
    seat.wait(lambda: abs(seat.position_s - start_s) < FRAME_S, "the event is shown")


def test_bookmarks_are_set_and_found_again(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.pause()
    seat.window.controls.seek(1.0)
    seat.wait(lambda: abs(seat.position_s - 1.0) < FRAME_S, "it is there")
    seat.press("B")
    assert seat.model.bookmarks == (seat.position_s,)
    seat.press("Home")
    seat.wait(lambda: seat.position_s == 0, "the start is shown")
    seat.press("Shift+Right")
    seat.wait(lambda: seat.position_s == seat.model.bookmarks[0], "the bookmark is shown")
    seat.press("B")
    assert not seat.model.bookmarks


def test_a_dropped_file_is_played(seat: Seat, clip: Path, tmp_path: Path) -> None:
    seat.open(clip)
    other = write_clip(tmp_path / "other.mp4", seconds=0.5)
    seat.drop(other)
    seat.wait(lambda: seat.model.location == str(other), "the other one is there")
    seat.wait(lambda: seat.model.shown is not None, "it is shown")
    assert seat.model.settings.recent_files == (str(other), str(clip))


def test_a_dropped_broken_file_is_one_sentence_and_nothing_is_lost(
    seat: Seat, clip: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all" * 100)
    seat.open(clip)
    seat.press("B")
    bookmarks = seat.model.bookmarks
    session = seat.model.session
    seat.drop(broken)
    seat.wait(lambda: "broken.mp4" in seat.window.notice_bar.sentence, "the sentence is there")
    assert seat.model.session is session
    assert seat.model.location == str(clip)
    assert seat.model.bookmarks == bookmarks
    assert seat.model.settings.recent_files == (str(clip),)
    assert not seat.window.loading_bar.isVisible()
    before_s = seat.position_s
    seat.press("Home")
    seat.wait(lambda: seat.position_s < max(before_s, FRAME_S), "the old video obeys")


def test_a_broken_file_as_the_first_is_one_sentence(seat: Seat, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video at all" * 100)
    seat.drop(broken)
    seat.wait(lambda: "broken.mp4" in seat.window.notice_bar.sentence, "the sentence is there")
    assert seat.window.transport.badge.state is AiState.NO_SIGNAL
    assert seat.model.settings.recent_files == ()
    assert not seat.window.view.isVisible()
    assert not seat.window.loading_bar.isVisible()


def test_full_screen_and_back(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    before = seat.window.geometry()
    seat.press("F")
    seat.wait(lambda: seat.window.full_screen, "it is full screen")
    screen = seat.window.screen()
    assert screen is not None
    seat.wait(lambda: seat.window.size() == screen.size(), "it fills the screen")
    assert seat.window.transport.badge.isVisible()
    assert not seat.window.event_list.isVisible()
    seat.press("Esc")
    seat.wait(lambda: not seat.window.full_screen, "it is back")
    seat.wait(
        lambda: seat.window.geometry() == before,
        f"it is where it was, {before}, and no longer at {seat.window.geometry()}",
    )
    assert seat.window.event_list.isVisible()


def test_zoom(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.press("+")
    seat.press("=")
    assert seat.window.view.zoom == pytest.approx(1.25**2)
    seat.press("-")
    assert seat.window.view.zoom == pytest.approx(1.25)
    seat.press("0")
    assert seat.window.view.zoom == 1


def test_the_statistics_panel_shows_what_runs(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.wait_segmented()
    assert not seat.window.statistics.isVisible()
    seat.press("I")
    seat.wait(lambda: seat.window.statistics.isVisible(), "the panel is there")
    figures = seat.window.statistics.figures()
    assert "320x240" in figures["Video"]
    assert "ms" in figures["Segment"]
    seat.press("I")
    assert not seat.window.statistics.isVisible()


def test_that_images_have_no_times_of_their_own_is_said_beside_their_rate(
    seat: Seat, tmp_path: Path
) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    for index in range(2):
        cv2.imwrite(str(folder / f"{index}.png"), np.full((48, 64, 3), 90, np.uint8))
    seat.open(folder)
    figure = seat.window.statistics.figures
    seat.press("I")
    seat.wait(lambda: "25" in figure()["Video"], "the rate is there")
    assert "images, which have no times" in figure()["Video"]


def test_the_statistics_of_another_video_are_its_own(
    qtbot: QtBot, tmp_path: Path, clip: Path
) -> None:
    loads, load = threading.Event(), tiny_loader(tmp_path)
    loads.set()

    def load_when_told() -> PlayerSegmenter:
        loads.wait(20)
        return load()

    seat = Seat(qtbot, tmp_path, load_when_told)
    seat.press("I")
    seat.open(clip)
    seat.wait_segmented()
    panel = seat.window.statistics
    seat.wait(lambda: "ms" in panel.figures().get("Segment", ""), "the network's time is there")
    loads.clear()
    seat.open(write_clip(tmp_path / "other.mp4", seconds=1.0))
    seat.wait(lambda: panel.figures().get("Shown", "0") != "0", "the other one is shown")
    assert panel.figures().get("Segment", "-") == "-"
    loads.set()
    seat.wait_segmented()
    seat.leave()


@pytest.mark.parametrize("width", [1, 2800])
def test_what_was_just_done_is_read_in_full_in_a_narrow_window_too(
    seat: Seat, clip: Path, width: int
) -> None:
    seat.open(clip)
    seat.pause()
    width = max(width, seat.window.minimumSizeHint().width())
    seat.window.resize(width, 600)
    seat.wait(lambda: seat.window.width() == width, "the window has its size")
    seat.press("A")

    def is_read() -> bool:
        labels = [each for each in seat.window.findChildren(QLabel) if each.isVisible()]
        hints = [each for each in labels if each.text().endswith("press again at its end")]
        return len(hints) == 1 and (
            hints[0].wordWrap()
            or hints[0].fontMetrics().horizontalAdvance(hints[0].text()) <= hints[0].width()
        )

    seat.wait(is_read, "all of the hint is there")


def test_the_menus_open_from_the_keyboard(seat: Seat) -> None:
    for key, title in (("Alt+F", "&File"), ("Alt+V", "&View"), ("Alt+H", "&Help")):
        seat.press(key)
        popup = QApplication.activePopupWidget()
        assert isinstance(popup, QMenu), key
        assert popup.title() == title
        popup.close()


def test_settings_and_place_are_remembered(qtbot: QtBot, tmp_path: Path, clip: Path) -> None:
    first = Seat(qtbot, tmp_path, None)
    first.open(clip)
    first.press("3")
    first.window.resize(900, 640)
    first.leave()
    remembered = load_settings(tmp_path / "viewer.json").settings
    assert remembered.marker is MarkerKind.FILL
    assert remembered.recent_files == (str(clip),)
    second = Seat(qtbot, tmp_path, None, remembered)
    assert second.window.actions_by_name["marker_fill"].isChecked()
    second.leave()


def test_without_a_network_the_video_goes_on(qtbot: QtBot, tmp_path: Path, clip: Path) -> None:
    def fails() -> None:
        raise RuntimeError("no network today")

    seat = Seat(qtbot, tmp_path, fails)  # type: ignore[arg-type]
    seat.open(clip)
    seat.wait(
        lambda: "no network today" in seat.window.transport.badge.toolTip(), "the reason is there"
    )
    assert seat.window.transport.badge.state is AiState.OFF
    seat.wait(lambda: seat.position_s > 0.5, "it plays on")
    seat.leave()


def test_a_snapshot_is_saved_clean_and_marked(seat: Seat, clip: Path) -> None:
    seat.open(clip)
    seat.wait_segmented()
    seat.pause()
    saved: list[str] = []
    seat.snapshots.saved.connect(saved.append)
    seat.press("S")
    seat.wait(lambda: bool(saved), "it is saved")
    facts = json.loads(Path(saved[0]).read_text(encoding="utf-8"))
    assert facts["pts_s"] == seat.position_s
    assert facts["runtime"]["backend"] == "onnxruntime"
    assert len(facts["files_sha256"]) == 2


def test_a_runtime_that_was_passed_over_is_announced(
    qtbot: QtBot, tmp_path: Path, clip: Path, caplog: pytest.LogCaptureFixture
) -> None:
    # No engine was built from these weights, with or without a GPU.
    weights = write_tiny_model(tmp_path)
    seat = Seat(qtbot, tmp_path, lambda: Segmenter(choose_backend("auto", weights, None)))
    seat.open(clip)
    reason = "tensorrt is not used: There is no "
    seat.wait(lambda: reason in seat.window.notice_bar.sentence, "it is announced")
    assert "The network runs with openvino on" in seat.window.notice_bar.sentence
    assert reason in caplog.text
    seat.leave()


def test_a_folder_of_images_is_played_and_stepped_through(seat: Seat, tmp_path: Path) -> None:
    folder = tmp_path / "images"
    folder.mkdir()
    with PhantomSource(128, 96, seconds=1.0) as source:
        for index in range(3):
            assert cv2.imwrite(str(folder / f"{index}.png"), source.image(index))
    seat.drop(folder)
    seat.wait(lambda: seat.model.shown is not None, "the first image is there")
    seat.pause()
    seat.press("Home")
    seat.wait(lambda: seat.position_s == 0, "the start is shown")
    seat.press(".")
    seat.wait(
        lambda: seat.model.shown is not None and seat.model.shown.frame.name == "1.png",
        "the second image is shown",
    )
