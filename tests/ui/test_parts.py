"""The parts of the window, each by itself."""

from __future__ import annotations

import io
import logging
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import QLocale, Qt
from PyQt6.QtGui import QImage, QKeySequence
from PyQt6.QtWidgets import (
    QApplication,
    QDialog,
    QDoubleSpinBox,
    QLabel,
    QMenu,
    QProgressBar,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.player.events import EventSnapshot, PolypEvent
from app.player.playback import Span
from app.player.shown import AiState
from app.sources.live import Signal, SignalState
from app.ui.actions import ACTIONS, keys_of
from app.ui.alert_sound import tone
from app.ui.application import report_exceptions
from app.ui.loading import LoadingBar
from app.ui.log_file import LOG_FILE, LogFile
from app.ui.signal_overlay import SignalOverlay
from app.ui.state_badge import StateBadge
from app.ui.theme import ICONS, SUNKEN, apply_theme, icon
from app.ui.time_bar import TimeBar
from app.ui.time_text import clock_text, length_text
from app.ui.words_line import WordsLine
from tests.ui.seat import Seat


def grabbed(widget: QWidget) -> NDArray[np.int16]:
    """(height, width, 3) RGB."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    rows = np.frombuffer(bits.asstring(image.sizeInBytes()), np.uint8)
    rows = rows.reshape(image.height(), image.bytesPerLine())[:, : 3 * image.width()]
    return rows.reshape(image.height(), image.width(), 3).astype(np.int16)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00.0"), (3.29, "0:03.2"), (0.3, "0:00.3"), (727.5, "12:07.5"), (3723, "1:02:03.0")],
)
def test_times_read_like_a_clock(seconds: float, text: str) -> None:
    assert clock_text(seconds) == text


def test_lengths_have_a_unit_below_a_minute() -> None:
    assert length_text(0.84) == "0.8 s"
    assert length_text(83.45) == "1:23.4"


def test_states_differ_by_shape_and_words_not_by_colour_alone(qtbot: QtBot) -> None:
    badge = StateBadge()
    qtbot.addWidget(badge)
    badge.resize(badge.sizeHint())
    silhouettes, words = [], set()
    for state in AiState:
        badge.show_state(state, "")
        assert badge.accessibleName() == badge.text()
        assert badge.accessibleDescription() == badge.toolTip() != ""
        words.add(badge.text())
        shape = grabbed(badge)[4:-4, 4 : badge.height(), :].max(axis=2) > 110
        silhouettes.append(shape)
    assert len(words) == len(AiState)
    for place, one in enumerate(silhouettes):
        for other in silhouettes[place + 1 :]:
            assert np.logical_xor(one, other).sum() > 0.2 * min(one.sum(), other.sum())


def test_the_reason_stands_in_the_tool_tip(qtbot: QtBot) -> None:
    badge = StateBadge()
    qtbot.addWidget(badge)
    badge.show_state(AiState.OFF, "There is no network.")
    assert badge.toolTip() == "There is no network."


def test_a_line_of_words_is_as_high_as_they_need_and_no_higher(qtbot: QtBot) -> None:
    line = WordsLine(24)
    qtbot.addWidget(line)
    line.resize(300, line.height())
    line.show()
    line.show_words("Few words.")
    low = line.height()
    line.show_words("Many words. " * 20)
    assert line.height() > 2 * low
    line.show_words("Few words.")
    assert line.height() == low
    line.show_words("Many words. " * 20)
    high = line.height()
    line.resize(1200, high)
    qtbot.waitUntil(lambda: line.height() < high)


@pytest.mark.parametrize("frozen", [False, True])
def test_why_there_is_no_signal_is_read_in_full_whatever_was_said_before(
    qtbot: QtBot, frozen: bool
) -> None:
    view = QWidget()
    qtbot.addWidget(view)
    view.resize(1200, 800)
    overlay = SignalOverlay(view)
    view.show()
    long = "No picture comes from the encoder any more; check its cable, and what is behind it."
    overlay.show_signal(Signal(SignalState.LIVE), old=False, frozen=frozen)
    for sentence in ("It is away.", long, "It is away."):
        qtbot.wait(50)
        signal = Signal(SignalState.NO_SIGNAL, sentence)
        overlay.show_signal(signal, old=not frozen, frozen=frozen)
        qtbot.wait(50)
        words = next(
            label
            for label in overlay.findChildren(QLabel)
            if label.isVisibleTo(overlay) and label.text() == overlay.sentence
        )
        needed = words.fontMetrics().boundingRect(
            words.rect().adjusted(0, 0, 0, 1000), Qt.TextFlag.TextWordWrap, words.text()
        )
        assert words.height() >= needed.height(), sentence
        assert words.visibleRegion().boundingRect() == words.rect(), sentence


def test_the_time_bar_fills_where_polyps_were_seen(qtbot: QtBot) -> None:
    bar = TimeBar()
    qtbot.addWidget(bar)
    bar.resize(420, bar.sizeHint().height())
    bar.set_duration(10.0)
    event = PolypEvent(2.0, 4.0, 0.9, 0.1, 3.0, 50)
    bar.set_events(EventSnapshot(seen=(Span(0.0, 6.0),), events=(event,)))
    columns = grabbed(bar)

    def height_at(seconds: float) -> int:
        """Of what is drawn over the empty band, in pixels."""
        x, empty = round(10 + 400 * seconds / 10), round(10 + 400 * 8.5 / 10)
        return int((np.abs(columns[:, x] - columns[:, empty]).max(axis=1) > 20).sum())

    assert height_at(3.0) > 2 * height_at(5.0) > 0
    assert height_at(9.5) == 0


def test_every_icon_is_there_and_can_be_drawn(qtbot: QtBot) -> None:
    del qtbot
    names = {spec.icon for spec in ACTIONS if spec.icon} | {"pause", "sound_off", "polyplens"}
    assert {path.stem for path in ICONS.glob("*.svg")} == names
    for name in names:
        assert not icon(name).pixmap(32, 32).toImage().isNull()


def test_no_key_stands_for_two_actions(qtbot: QtBot) -> None:
    del qtbot
    keys = [keys.toString() for spec in ACTIONS for keys in keys_of(spec, {})]
    assert len(keys) == len(set(keys))
    assert {"Space", "J", "K", "L", ",", ".", "F", "M", "C", "[", "]", "+", "-", "I", "?"} < set(
        keys
    )


def test_every_action_stands_in_a_menu(qtbot: QtBot, tmp_path: Path) -> None:
    seat = Seat(qtbot, tmp_path, None)
    bar = seat.window.menuBar()
    assert bar is not None
    listed = {action.objectName() for menu in bar.findChildren(QMenu) for action in menu.actions()}
    assert {spec.name for spec in ACTIONS} <= listed
    seat.leave()


def test_keys_can_be_changed_but_not_taken_from_another(qtbot: QtBot, tmp_path: Path) -> None:
    seat = Seat(qtbot, tmp_path, None)
    seat.window.actions_by_name["preferences"].trigger()
    page = seat.preferences().keys
    page.field("markers").setKeySequence(QKeySequence("G"))
    page.field("markers").editingFinished.emit()
    assert seat.model.settings.key_bindings == {"markers": "G"}
    assert seat.window.actions_by_name["markers"].shortcut().toString() == "G"
    page.field("mute").setKeySequence(QKeySequence("G"))
    page.field("mute").editingFinished.emit()
    assert "Show markers" in page.message
    assert seat.model.settings.key_bindings == {"markers": "G"}
    assert page.field("mute").keySequence().toString() == "M"
    seat.preferences().close()
    seat.window.activateWindow()
    seat.wait(seat.window.isActiveWindow, "the window is in front")
    seat.press("G")
    assert not seat.model.settings.markers_visible
    seat.leave()


def test_preferences_take_effect_at_once_and_follow_what_keys_change(
    qtbot: QtBot, tmp_path: Path
) -> None:
    seat = Seat(qtbot, tmp_path, None)
    seat.window.actions_by_name["preferences"].trigger()
    dialog = seat.preferences()
    dialog.own_threshold.click()
    dialog.threshold.setValue(0.7)
    dialog.minimum_alert.setValue(200)
    dialog.opacity.setValue(40)
    dialog.sound.click()
    settings = seat.model.settings
    assert (settings.threshold, settings.minimum_alert_ms) == (0.7, 200)
    assert (settings.opacity, settings.sound) == (0.4, True)
    seat.window.actions_by_name["threshold_down"].trigger()
    assert dialog.threshold.value() == pytest.approx(0.65)
    dialog.own_threshold.click()
    assert seat.model.settings.threshold is None
    assert not dialog.threshold.isEnabled()
    seat.leave()


@pytest.mark.parametrize("name", ["preferences", "shortcuts", "about"])
def test_a_dialog_opens_once_and_is_gone_when_closed(
    qtbot: QtBot, tmp_path: Path, name: str
) -> None:
    seat = Seat(qtbot, tmp_path, None)
    for _ in range(2):
        seat.window.actions_by_name[name].trigger()
    (dialog,) = seat.window.findChildren(QDialog)
    assert dialog.isVisible()
    texts = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert {
        "preferences": "Threshold",
        "shortcuts": "Play / freeze",
        "about": "Research only, not a medical device.",
    }[name] in texts
    dialog.close()
    seat.wait(lambda: not seat.window.findChildren(QDialog), "it is gone")
    seat.leave()


def test_an_unexpected_error_is_logged_and_shown_and_nothing_ends(
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    seat = Seat(qtbot, tmp_path, None)
    report_exceptions(seat.model)
    error = ZeroDivisionError("a thing that cannot be")
    sys.excepthook(type(error), error, None)
    assert "a thing that cannot be" in seat.window.notice_bar.sentence
    assert "a thing that cannot be" in caplog.text
    seat.leave()


def test_a_sound_that_cannot_be_played_is_one_sentence(qtbot: QtBot, tmp_path: Path) -> None:
    """Whether or not this machine can play it, nothing breaks."""
    seat = Seat(qtbot, tmp_path, None)
    for _ in range(3):
        seat.window.sound.play()
    assert seat.window.sound.played == 3
    assert len(seat.notices) == bool(seat.window.sound.problem)
    seat.leave()


def test_numbers_are_written_as_the_sentences_round_them(qtbot: QtBot) -> None:
    """A hint says 0.65: the field beside it must not say 0,65."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    before = QLocale()
    QLocale.setDefault(QLocale("de_DE"))
    try:
        apply_theme(application)
        field = QDoubleSpinBox()
        qtbot.addWidget(field)
        field.setValue(0.65)
        assert field.text() == "0.65"
    finally:
        QLocale.setDefault(before)


def test_a_bar_without_an_end_can_be_drawn_in_the_narrowest_window(qtbot: QtBot) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    apply_theme(application)
    bar = LoadingBar()
    qtbot.addWidget(bar)
    bar.show_words("Loading …")
    for width in range(200, 0, -1):
        bar.resize(width, 40)
        assert bar.findChildren(QProgressBar)[0].width() > 2  # its borders
    qtbot.wait(200)  # it moves


def test_a_bar_without_an_end_does_not_look_full(qtbot: QtBot) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    apply_theme(application)
    bar = LoadingBar()
    qtbot.addWidget(bar)
    bar.resize(800, 40)
    empty = np.array(SUNKEN.getRgb()[:3])

    def filled() -> float:
        """Share of the bar that is filled."""
        track = bar.findChildren(QProgressBar)[0]
        row = grabbed(track)[track.height() // 2]
        return float((np.abs(row - empty).max(axis=1) > 60).mean())

    bar.show_words("Loading …", 0.5)
    assert 0.4 < filled() < 0.6
    bar.show_words("Loading …", 1.0)
    assert filled() > 0.95
    bar.show_words("Loading …")
    seen = set()
    for _ in range(40):
        qtbot.wait(25)
        seen.add(filled())
    assert max(seen) < 0.5


def test_the_tone_neither_clicks_nor_clips() -> None:
    samples = np.frombuffer(tone(), np.int16).astype(int)
    assert samples[0] == 0
    assert abs(samples[-1]) < 50
    assert 8_000 < np.abs(samples).max() < 20_000
    assert np.abs(np.diff(samples)).max() < 2_500


def test_the_log_names_no_video_and_no_home(tmp_path: Path) -> None:
    log_file = LogFile(tmp_path / "state")
    try:
        log_file.hide("/data/Miller_Anna_1970.mp4")
        logger = logging.getLogger("app.test")
        logger.info("opened /data/Miller_Anna_1970.mp4 from %s", Path.home())
        logger.warning("Miller_Anna_1970.mp4 is truncated; Miller_Anna_1970 is short")
    finally:
        log_file.close()
    text = (tmp_path / "state" / LOG_FILE).read_text(encoding="utf-8")
    assert "Miller" not in text
    assert str(Path.home()) not in text
    assert "[video] is truncated" in text


def test_what_is_printed_names_no_video_either(tmp_path: Path) -> None:
    """The desktop keeps what its programs print in a log of its own."""
    printed = io.StringIO()
    terminal = logging.StreamHandler(printed)
    logging.getLogger().addHandler(terminal)
    log_file = LogFile(tmp_path)
    try:
        log_file.hide("/data/Miller_Anna_1970.mp4")
        logging.getLogger("app.test").warning("/data/Miller_Anna_1970.mp4 is truncated")
    finally:
        log_file.close()
        logging.getLogger().removeHandler(terminal)
    assert printed.getvalue() == "[video] is truncated\n"
    assert terminal.formatter is None


def test_without_a_place_for_the_log_it_says_so_and_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log_file = LogFile(tmp_path / "file" / "polyplens")
    try:
        logging.getLogger("app.test").info("heard by nobody")
        assert log_file.problem.startswith("No log is kept:")
        assert str(tmp_path / "file" / "polyplens") in log_file.problem
    finally:
        log_file.close()


def test_the_log_does_not_grow_without_end(tmp_path: Path) -> None:
    log_file = LogFile(tmp_path)
    try:
        for _ in range(7000):
            logging.getLogger("app.test").info("x" * 1000)
    finally:
        log_file.close()
    sizes = [path.stat().st_size for path in tmp_path.iterdir()]
    assert len(sizes) == 5
    assert max(sizes) <= 1_000_000
