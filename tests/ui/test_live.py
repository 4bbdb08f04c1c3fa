"""A person watches live video: through a lost signal, a dying network, and a picture they froze."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest
from numpy.typing import NDArray
from PyQt6.QtCore import QPoint
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.overlay import LINE_COLOUR
from app.player import session_maker
from app.player.playback import PlaybackState
from app.player.segmenter_thread import PlayerSegmenter, SegmenterError
from app.player.settings import load_settings
from app.player.shown import AiState
from app.sources.reconnecting import ReconnectingSource
from models.backends.selection import choose_backend
from models.picture import PixelFormat
from models.segmenter import Segmenter
from models.supervised.supervised_segmenter import SupervisedSegmenter
from tests.app.player.live_watching import StampSegmenter
from tests.app.player.watching import numbered_video
from tests.app.sources.faulty_device import FaultyDevice
from tests.models.tiny_model import write_tiny_model
from tests.processor_wait import ProcessorWait
from tests.ui.seat import LONG_MS, Seat, tiny_loader, tiny_segmenter

LIVE = "test-picture:320x240@25"
SOON_S = 0.5
"""Within this time the screen must say what is."""
BACK_S = 5.0
"""Within this time the network must be back."""
ATTEMPTS = 3


def supervised_loader(folder: Path) -> Callable[[], PlayerSegmenter]:
    make = partial(tiny_segmenter, write_tiny_model(folder))
    return lambda: SupervisedSegmenter(make)


@pytest.fixture
def seat(qtbot: QtBot, tmp_path: Path) -> Iterator[Seat]:
    seat = Seat(qtbot, tmp_path, tiny_loader(tmp_path))
    yield seat
    seat.leave()


@pytest.fixture
def supervised(qtbot: QtBot, tmp_path: Path) -> Iterator[Seat]:
    """With the network in a process of its own; when the window is gone, so is that."""
    seat = Seat(qtbot, tmp_path, supervised_loader(tmp_path))
    yield seat
    seat.leave()
    assert network_processes() == []


@pytest.fixture
def device(monkeypatch: pytest.MonkeyPatch) -> FaultyDevice:
    """What the viewer opens instead of the test picture."""
    device = FaultyDevice(rate=25)
    device.size = (320, 240)
    monkeypatch.setattr(
        session_maker, "open_live", lambda *_: ReconnectingSource("The card", device.open)
    )
    return device


def badge_of(seat: Seat) -> AiState:
    return seat.window.transport.badge.state


def wait_ready(seat: Seat) -> None:
    seat.wait(lambda: badge_of(seat) is AiState.READY, "the badge is READY")
    seat.wait_segmented()


def seconds_until(seat: Seat, condition: Callable[[], bool], what: str) -> float:
    begun_s = time.monotonic()
    seat.wait(condition, what)
    return time.monotonic() - begun_s


def network_processes() -> list[psutil.Process]:
    children = psutil.Process().children(recursive=True)
    return [child for child in children if "models.supervised.child" in child.cmdline()]


def screen_pixels(seat: Seat) -> NDArray[np.uint8]:
    """(height, width, 3) uint8 RGB of the picture and of what lies over it."""
    image = seat.window.view.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
    bits = image.constBits()
    assert bits is not None
    bits.setsize(image.sizeInBytes())
    rows = np.array(bits, np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3)


def is_marked(seat: Seat) -> bool:
    return bool((screen_pixels(seat) == LINE_COLOUR).all(axis=2).any())


def test_the_test_picture_is_shown_live_and_marked(seat: Seat) -> None:
    seat.open(LIVE)
    wait_ready(seat)
    seat.wait(lambda: is_marked(seat), "a marker is on screen")
    assert seat.window.signal.heading == ""
    assert seat.window.windowTitle() == f"{LIVE} - PolypLens"
    seat.wait(lambda: bool(seat.model.events.events), "the event is listed")
    assert seat.window.transport.finding == ""  # a number would tempt to be trusted
    assert not seat.window.transport.time_bar.isVisible()
    for name in ("step_forward", "forward_5", "faster", "loop", "bookmark", "next_event"):
        assert not seat.window.actions_by_name[name].isEnabled(), name
    for name in ("play", "snapshot", "crop", "close_video", "markers"):
        assert seat.window.actions_by_name[name].isEnabled(), name
    assert seat.model.settings.recent_files == (LIVE,)
    seat.press("Ctrl+W")
    seat.wait(lambda: badge_of(seat) is AiState.NO_SIGNAL, "it is closed")
    assert seat.window.transport.time_bar.isVisible()


def test_with_nothing_detected_the_screen_shows_the_captured_pixels(
    seat: Seat, device: FaultyDevice
) -> None:
    view = seat.window.view
    seat.model.change(threshold=1.0)
    device.pixel_format = PixelFormat.RGB24
    seat.open(LIVE)
    wait_ready(seat)
    device.rate = 5

    def fits() -> bool:
        device.size = (view.width(), view.height())  # the window may still be laid out
        picture = None if view.shown is None else view.shown.frame.picture
        fitting = picture is not None and (picture.width, picture.height) == device.size
        return fitting and seat.window.signal.heading == ""

    seat.wait(fits, "the picture fits the view exactly")
    seen = set()
    for _ in range(10):
        pixels = screen_pixels(seat)
        assert view.shown is not None
        assert np.array_equal(pixels, view.shown.frame.picture.pixels)
        seen.add(view.shown.frame.index)
        seat.qtbot.wait(100)
    assert len(seen) > 2


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_network_process_that_dies_costs_no_frame(
    supervised: Seat, number: signal.Signals
) -> None:
    """What the program does wrong it does every time; what a busy machine does, it does not."""
    supervised.open(LIVE)
    losses: list[Loss] = []
    while len(losses) < ATTEMPTS and not any(loss.within_bounds for loss in losses):
        wait_ready(supervised)
        losses.append(lose_network(supervised, number))
    assert any(loss.within_bounds for loss in losses), losses


@dataclass(frozen=True)
class Loss:
    """How a lost network process was borne."""

    said_s: float
    """Until the badge said so."""
    back_s: float
    """Until it was READY again."""
    frames_lost: int

    @property
    def within_bounds(self) -> bool:
        return self.said_s < SOON_S and self.back_s < BACK_S and self.frames_lost == 0


def lose_network(seat: Seat, number: signal.Signals) -> Loss:
    session = seat.model.session
    assert session is not None
    (process,) = network_processes()
    before = session.statistics
    hit_s = time.monotonic()
    process.send_signal(number)
    seat.wait(lambda: badge_of(seat) is not AiState.READY, "the badge says that it is gone")
    said_s = time.monotonic() - hit_s
    seat.wait(lambda: badge_of(seat) is AiState.READY, "it is back")
    back_s = time.monotonic() - hit_s
    after = session.statistics
    assert after.frames_shown > before.frames_shown
    assert process.pid not in {other.pid for other in network_processes()}
    dropped = after.frames_dropped - before.frames_dropped
    return Loss(said_s, back_s, dropped + after.frames_missed - before.frames_missed)


def test_a_lost_signal_is_on_screen_at_once(seat: Seat, device: FaultyDevice) -> None:
    seat.open(LIVE)
    wait_ready(seat)
    seat.wait(lambda: is_marked(seat), "a marker is on screen")
    wait = ProcessorWait()
    device.plugged = False
    lost_s = seconds_until(seat, lambda: badge_of(seat) is AiState.NO_SIGNAL, "NO SIGNAL")
    assert lost_s < SOON_S + wait.s
    assert seat.window.signal.heading == "NO SIGNAL"
    seat.wait(lambda: "plug it in" in seat.window.signal.sentence, "it says what to do")
    assert not seat.window.signal.retry_button.isVisible()
    assert not is_marked(seat)
    old = screen_pixels(seat)
    assert old.max() < 255  # nothing of it is as bright as it was
    device.plugged = True
    seat.wait(lambda: badge_of(seat) is AiState.READY, "it is live again")
    assert seat.window.signal.heading == ""
    seat.wait(lambda: is_marked(seat), "a marker is on screen again")


def slow_loader() -> PlayerSegmenter:
    return StampSegmenter(lambda _: time.sleep(0.5))


def failing_loader() -> PlayerSegmenter:
    raise SegmenterError("No runtime works: " + "the driver is not loaded, " * 12 + "mend that.")


@pytest.mark.parametrize(
    ("live", "load", "end"),
    [
        (True, slow_loader, "or does not answer."),
        (True, failing_loader, "tries the network again by itself."),
        (False, failing_loader, "mend that."),
    ],
    ids=["live, slow", "live, failed", "recorded, failed"],
)
def test_why_nothing_is_marked_is_read_in_the_smallest_window(
    qtbot: QtBot, tmp_path: Path, live: bool, load: Callable[[], PlayerSegmenter], end: str
) -> None:
    seat = Seat(qtbot, tmp_path, load)
    seat.open(LIVE if live else numbered_video(tmp_path / "video.mp4"))
    words = seat.window.transport.words
    seat.wait(lambda: words.text().endswith(end), "the reason is said")
    before = seat.window.width()
    seat.window.resize(1, 1)

    def is_read() -> bool:
        whole = words.height() >= words.heightForWidth(words.width())
        return whole and words.visibleRegion().boundingRect() == words.rect()

    seat.wait(lambda: seat.window.width() < before and is_read(), "all of it is on screen")
    seat.leave()


def test_a_source_that_repeats_its_picture_is_named_so(seat: Seat, device: FaultyDevice) -> None:
    seat.open(LIVE)
    wait_ready(seat)
    device.still = True
    seat.wait(lambda: "one and the same picture" in seat.window.signal.sentence, "it is said")
    assert seat.window.signal.heading == "FROZEN PICTURE"
    assert badge_of(seat) is AiState.NO_SIGNAL
    device.still = False
    seat.wait(lambda: seat.window.signal.heading == "", "it is live again")


def test_what_broke_down_for_good_is_tried_again_by_hand(seat: Seat, device: FaultyDevice) -> None:
    device.breaks_after = 3
    seat.model.open(LIVE)
    retry = seat.window.signal.retry_button
    seat.wait(retry.isVisible, "the button is there")
    assert seat.window.actions_by_name["retry"].isEnabled()
    assert "more than 5 times" in seat.window.signal.sentence
    device.breaks_after = None
    seat.click(retry, QPoint(5, 5))
    wait_ready(seat)
    assert not seat.window.actions_by_name["retry"].isEnabled()


def test_space_freezes_the_picture_and_says_who_did_it(seat: Seat) -> None:
    seat.open(LIVE)
    wait_ready(seat)
    seat.press("Space")
    seat.wait(lambda: seat.window.signal.heading == "FROZEN BY YOU", "it is said")
    assert seat.playback is PlaybackState.PAUSED
    session = seat.model.session
    assert session is not None
    frozen, before = screen_pixels(seat), session.statistics.frames_superseded
    seat.wait(lambda: session.statistics.frames_superseded > before + 10, "capture goes on")
    assert np.array_equal(screen_pixels(seat), frozen)
    saved: list[str] = []
    seat.snapshots.saved.connect(saved.append)
    seat.press("S")
    seat.wait(lambda: bool(saved), "a snapshot is saved")
    assert seat.model.shown is not None
    facts = json.loads(Path(saved[0]).read_text(encoding="utf-8"))
    assert facts["frame_index"] == seat.model.shown.frame.index
    seat.press("Space")
    seat.wait(lambda: seat.window.signal.heading == "", "it is live again")


def test_a_signal_that_is_lost_behind_a_frozen_picture_is_said(
    seat: Seat, device: FaultyDevice
) -> None:
    seat.open(LIVE)
    wait_ready(seat)
    seat.press("Space")
    seat.wait(lambda: seat.window.signal.heading == "FROZEN BY YOU", "it is frozen")
    device.plugged = False
    seat.wait(lambda: badge_of(seat) is AiState.NO_SIGNAL, "the badge says it")
    seat.wait(lambda: "NO SIGNAL" in seat.window.signal.sentence, "the picture says it")
    assert seat.window.signal.heading == "FROZEN BY YOU"
    seat.press("Space")
    seat.wait(lambda: seat.window.signal.heading == "NO SIGNAL", "nothing live is there")


def test_the_panel_shows_delays_drops_and_the_signal(seat: Seat) -> None:
    seat.open(LIVE)
    wait_ready(seat)
    seat.press("I")
    seat.wait(
        lambda: "p99" in seat.window.statistics.figures().get("Capture to screen", ""),
        "the delay is measured",
    )
    figures = seat.window.statistics.figures()
    assert figures["Signal"] == "320x240p25 nv12"
    assert figures["Signal state"] == "live"
    assert figures["Restarts"] == "0"
    assert "p99" in figures["Capture to mask"]
    assert "dropped" in figures["Show"]


def test_a_runtime_that_was_passed_over_in_the_other_process_is_announced(
    qtbot: QtBot, tmp_path: Path
) -> None:
    make = partial(slower_runtime, write_tiny_model(tmp_path))
    seat = Seat(qtbot, tmp_path, lambda: SupervisedSegmenter(make))
    seat.open(LIVE)
    reason = "tensorrt is not used: There is no "
    seat.wait(lambda: reason in seat.window.notice_bar.sentence, "it is announced")
    assert "The network runs with openvino on" in seat.window.notice_bar.sentence
    seat.leave()


def slower_runtime(weights: Path) -> Segmenter:
    """No engine was built from these weights, with or without a GPU."""
    return Segmenter(choose_backend("auto", weights, None))


def test_how_long_a_picture_waits_is_set_in_the_preferences(seat: Seat) -> None:
    seat.open(LIVE)
    seat.press("Ctrl+,")
    dialog = seat.preferences()
    assert dialog.automatic_wait.isChecked()
    dialog.automatic_wait.click()
    dialog.mask_wait.setValue(7)
    assert seat.model.settings.mask_wait_ms == 7
    dialog.automatic_wait.click()
    assert seat.model.settings.mask_wait_ms is None
    dialog.close()


def test_a_password_is_neither_shown_nor_remembered(seat: Seat, device: FaultyDevice) -> None:
    address = "rtsp://nurse:secret@127.0.0.1:9/stream?token=secret"
    seat.open(address)
    assert seat.window.windowTitle() == "rtsp://127.0.0.1:9/stream - PolypLens"
    seat.model.save()
    assert "secret" not in (seat.folder / "viewer.json").read_text(encoding="utf-8")
    assert load_settings(seat.folder / "viewer.json").settings.recent_files == ()


def test_a_malformed_location_is_one_sentence(seat: Seat) -> None:
    seat.model.open("test-picture:fast")
    seat.wait(lambda: "is no test picture" in seat.window.notice_bar.sentence, "it is said")
    assert "give test-picture or test-picture:1920x1080@60" in seat.window.notice_bar.sentence
    assert seat.model.location == ""


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("rtsp://", "lacks its host or port"),
        ("srt://host", "An SRT address has a host and a port"),
        ("test-picture:fast", "is no test picture"),
        ("ftp://host/stream", "is no address of a live stream"),
    ],
)
def test_the_video_plays_on_where_an_address_is_malformed(
    seat: Seat, address: str, words: str
) -> None:
    seat.open(LIVE)
    session = seat.model.session
    seat.model.open(address)
    seat.wait(lambda: words in seat.window.notice_bar.sentence, "it is refused")
    assert seat.model.progress is None
    assert (seat.model.location, seat.model.session) == (LIVE, session)
    before = seat.model.shown
    seat.wait(lambda: seat.model.shown is not before, "the video plays on")


def test_a_recorded_video_follows_a_live_one(seat: Seat, tmp_path: Path) -> None:
    seat.open(LIVE)
    wait_ready(seat)
    seat.open("phantom")
    seat.wait(lambda: seat.window.transport.time_bar.isVisible(), "it can be sought")
    assert seat.window.actions_by_name["forward_5"].isEnabled()
    seat.open(LIVE)
    wait_ready(seat)


def _unplug(device: FaultyDevice) -> None:
    device.plugged = False


def _pause(device: FaultyDevice) -> None:
    device.paused = True


def _stop_network(_: FaultyDevice) -> None:
    for process in network_processes():
        process.send_signal(signal.SIGSTOP)


def _kill_network(_: FaultyDevice) -> None:
    for process in network_processes():
        process.kill()


@pytest.mark.parametrize("harm", [_unplug, _pause, _stop_network, _kill_network])
@pytest.mark.parametrize("loaded", [True, False])
def test_closing_while_something_is_wrong_leaves_nothing(
    qtbot: QtBot,
    tmp_path: Path,
    device: FaultyDevice,
    harm: Callable[[FaultyDevice], None],
    loaded: bool,
) -> None:
    threads, shared = threading.active_count(), set(Path("/dev/shm").iterdir())
    seat = Seat(qtbot, tmp_path, supervised_loader(tmp_path))
    seat.open(LIVE)
    if loaded:
        wait_ready(seat)
    harm(device)
    qtbot.wait(100)
    seat.leave()
    assert network_processes() == []
    assert set(Path("/dev/shm").iterdir()) <= shared
    assert device.open_now == 0
    qtbot.waitUntil(lambda: threading.active_count() <= threads, timeout=LONG_MS)
