"""Threads push, the GUI thread receives: the newest, in order, and never more than one waits."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6.QtCore import QCoreApplication, QEvent, QObject, QThread
from pytestqt.qtbot import QtBot

from app.frame import Frame
from app.player.base import PlayerListener
from app.player.detection import Detection
from app.player.playback import OpeningProgress, PlaybackState, PlayerState
from app.player.segmenter_thread import PlayerSegmenter
from app.player.session import PlayerSession
from app.player.shown import AiState, Shown
from app.sources.base import ReadReport
from app.ui.bridge import NewestOnly, PlayerBridge
from models.picture import Picture
from tests.app.player.watching import (
    RATE,
    NumberSegmenter,
    loaded,
    numbered_video,
    player_threads,
)
from tests.waiting import wait_until

PATIENCE_MS = 30_000
PICTURE = Picture(np.zeros((2, 2, 3), np.uint8))
STATE = PlayerState(
    playback=PlaybackState.PLAYING,
    source=None,
    duration_s=None,
    seekable=True,
    speed=1.0,
    loop=None,
    ai=AiState.READY,
    ai_reason="",
    runtime=None,
    notices=(),
    report=ReadReport(),
    failure="",
)


def playing(
    location: Path, load: Callable[[], PlayerSegmenter] | None
) -> Callable[[PlayerListener], PlayerSession]:
    """What ``PlayerBridge.open`` takes."""
    return lambda listener: PlayerSession(location, load, listener, Detection())


def shown(index: int) -> Shown:
    frame = Frame(PICTURE, index, index / RATE, 0)
    return Shown(frame, None, None, (), 0.5, 0.0, 1, AiState.OFF, "", 0)


class QueuedCalls(QObject):
    """Counts the calls that came to an object through the event loop."""

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:
        self.count += event is not None and event.type() is QEvent.Type.MetaCall
        return False


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered_video(tmp_path_factory.mktemp("bridge") / "numbered.mp4")


@pytest.fixture
def bridge(qtbot: QtBot) -> Iterator[PlayerBridge]:
    bridge = PlayerBridge()
    yield bridge
    assert bridge.close()
    assert player_threads() == []


def test_ten_thousand_frames_come_in_order_and_never_queue_up(qtbot: QtBot) -> None:
    inbox = NewestOnly()
    queued = QueuedCalls()
    inbox.installEventFilter(queued)
    received: list[int] = []
    threads: set[QThread | None] = set()

    def take(newest: Shown) -> None:
        received.append(newest.frame.index)
        threads.add(QThread.currentThread())
        if len(received) % 100 == 0:
            time.sleep(0.002)  # a slow paint, meanwhile frames pile up

    inbox.shown.connect(take)

    def push() -> None:
        for index in range(10_000):
            inbox.on_shown(shown(index))
            if index % 50 == 0:
                time.sleep(0.0001)

    pusher = threading.Thread(target=push)
    pusher.start()
    qtbot.waitUntil(lambda: received[-1:] == [9_999], timeout=PATIENCE_MS)
    pusher.join()
    assert received == sorted(set(received))
    assert len(received) + inbox.replaced == 10_000
    assert inbox.replaced > 0
    assert threads == {inbox.thread()}
    # Had two ever waited, the second would have found nothing to bring.
    QCoreApplication.sendPostedEvents()
    assert queued.count == len(received)


def test_while_the_event_loop_is_busy_one_event_waits_for_everything(qtbot: QtBot) -> None:
    inbox = NewestOnly()
    order: list[object] = []
    inbox.shown.connect(lambda newest: order.append(newest.frame.index))
    inbox.state_changed.connect(lambda state: order.append(state.speed))
    inbox.progress.connect(lambda progress: order.append(progress.share))
    inbox.failed.connect(order.append)

    def push() -> None:
        for number in range(1, 101):
            inbox.on_progress(OpeningProgress("indexing", number / 100))
            inbox.on_state(replace(STATE, speed=float(number)))
            inbox.on_shown(shown(number))
        inbox.on_failed("It broke.")

    pusher = threading.Thread(target=push)
    pusher.start()
    pusher.join()
    assert order == []
    # One pass over what was posted delivers all there is: a second one finds nothing.
    QCoreApplication.sendPostedEvents()
    assert order == [1.0, 100.0, 100, "It broke."]
    QCoreApplication.sendPostedEvents()
    assert len(order) == 4
    assert inbox.replaced == 99


def test_it_plays_a_video_to_its_end(qtbot: QtBot, bridge: PlayerBridge, video: Path) -> None:
    indices: list[int] = []
    states: list[PlaybackState] = []
    steps: list[str] = []
    bridge.shown.connect(lambda newest: indices.append(newest.frame.index))
    bridge.state_changed.connect(lambda state: states.append(state.playback))
    bridge.progress.connect(lambda progress: steps.append(progress.step))
    session = bridge.open(playing(video, loaded(NumberSegmenter())))
    assert bridge.session is session
    qtbot.waitUntil(lambda: states[-1:] == [PlaybackState.ENDED], timeout=PATIENCE_MS)
    assert indices == sorted(indices)
    assert indices[-1] == 89
    assert steps


def test_after_a_seek_no_frame_of_before_arrives(
    qtbot: QtBot, bridge: PlayerBridge, video: Path
) -> None:
    indices: list[int] = []
    bridge.shown.connect(lambda newest: indices.append(newest.frame.index))
    session = bridge.open(playing(video, None))
    qtbot.waitUntil(lambda: len(indices) > 3, timeout=PATIENCE_MS)
    for index in (60, 20, 70, 10):
        time.sleep(0.1)  # meanwhile the newest frame of before waits in the event loop
        indices.clear()
        session.seek(index / RATE)
        qtbot.waitUntil(lambda: bool(indices), timeout=PATIENCE_MS)
        assert indices[0] == index


def test_nothing_of_the_video_before_arrives_after_another_is_opened(
    qtbot: QtBot, bridge: PlayerBridge, video: Path, tmp_path: Path
) -> None:
    names: list[str] = []
    other = numbered_video(tmp_path / "other.mp4", 20)
    sentences: list[str] = []
    bridge.failed.connect(sentences.append)
    bridge.state_changed.connect(lambda s: names.append(s.source.name) if s.source else None)
    counts: list[int] = []
    bridge.shown.connect(lambda newest: counts.append(newest.frame.index))
    for location in (video, other) * 5:
        session = bridge.open(playing(location, None))
        names.clear()
        qtbot.waitUntil(lambda: bool(names), timeout=PATIENCE_MS)
        assert set(names) == {location.name}
        last = session
        counts.clear()
        qtbot.waitUntil(lambda: bool(counts), timeout=PATIENCE_MS)
    assert sentences == []
    assert bridge.session is last


def test_a_broken_file_is_told(qtbot: QtBot, bridge: PlayerBridge, tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    with qtbot.waitSignal(bridge.failed, timeout=PATIENCE_MS) as failed:
        bridge.open(playing(broken, None))
    assert str(broken) in failed.args[0]


def test_stopping_during_loading_returns_at_once_and_silences(
    qtbot: QtBot, bridge: PlayerBridge, video: Path
) -> None:
    release = threading.Event()

    def load() -> PlayerSegmenter:
        release.wait()
        return NumberSegmenter()

    heard: list[object] = []
    for signal in (bridge.shown, bridge.state_changed, bridge.progress, bridge.failed):
        signal.connect(heard.append)
    session = bridge.open(playing(video, load))
    wait_until(lambda: session.shown is not None)
    bridge.stop()
    assert bridge.session is None
    release.set()
    wait_until(lambda: session.ended)
    heard.clear()
    QCoreApplication.processEvents()
    assert heard == []


def test_fifty_rounds_leave_no_thread_and_no_object(
    qtbot: QtBot, bridge: PlayerBridge, video: Path
) -> None:
    for _ in range(50):
        bridge.open(playing(video, loaded(NumberSegmenter())))
        QCoreApplication.processEvents()
    bridge.stop()
    qtbot.waitUntil(lambda: player_threads() == [], timeout=PATIENCE_MS)
    qtbot.waitUntil(lambda: bridge.findChildren(NewestOnly) == [], timeout=PATIENCE_MS)
