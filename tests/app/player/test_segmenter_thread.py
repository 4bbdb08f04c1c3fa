"""A segmenter on its own thread: loading, asking, failing, falling silent, stopping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from app.player import segmenter_thread
from app.player.segmenter_thread import PlayerSegmenter, SegmenterError, SegmenterThread
from models.backends.base import BackendError
from models.picture import Picture
from models.weights import WeightsError
from tests.app.player.watching import NumberSegmenter, loaded
from tests.app.sources.videos import numbered_picture
from tests.waiting import wait_until

PICTURE = Picture(numbered_picture(5))


def nothing() -> None:
    """No one listens."""


def waiting(event: threading.Event) -> Callable[[int], None]:
    def wait(index: int) -> None:
        event.wait()

    return wait


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Set at the end, so that nothing that waits for it outlives the test."""
    event = threading.Event()
    yield event
    event.set()


def test_one_thread_loads_enters_asks_and_leaves() -> None:
    segmenter = NumberSegmenter()
    loading_threads = []

    def load() -> PlayerSegmenter:
        loading_threads.append(threading.get_ident())
        return segmenter

    changes: list[bool] = []
    thread = SegmenterThread(load, lambda: changes.append(thread.settled))
    assert not thread.settled
    thread.start()
    wait_until(lambda: thread.ready)
    assert thread.loaded is segmenter
    for index in range(3):
        with thread as asked:
            assert asked.segment(PICTURE, index).frame_index == index
    thread.stop()
    assert thread.wait(10)
    assert (segmenter.entered, segmenter.left, segmenter.asked) == (1, 1, 3)
    assert segmenter.threads == set(loading_threads)
    assert changes == [True, True]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (BackendError("No runtime works."), "No runtime works."),
        (SegmenterError("The golden frame failed."), "The golden frame failed."),
        (WeightsError("The file is damaged."), "The file is damaged."),
        (MemoryError("too much"), "The network failed (MemoryError: too much)."),
    ],
)
def test_a_segmenter_that_cannot_be_loaded_says_why(error: Exception, sentence: str) -> None:
    def load() -> PlayerSegmenter:
        raise error

    thread = SegmenterThread(load, nothing)
    thread.start()
    assert thread.wait(10)
    assert thread.failure == sentence
    assert thread.settled
    assert not thread.ready


def test_a_segmenter_that_fails_is_left_and_stays_out() -> None:
    def fail(index: int) -> None:
        raise BackendError("The device is gone.")

    segmenter = NumberSegmenter(fail)
    thread = SegmenterThread(loaded(segmenter), nothing)
    thread.start()
    wait_until(lambda: thread.ready)
    for _ in range(2):
        with pytest.raises(SegmenterError, match=r"^The device is gone\.$"):
            thread.segment(PICTURE, 0)
    assert thread.wait(10)
    assert segmenter.left == 1
    assert not thread.ready


def test_a_silent_segmenter_keeps_nobody_waiting_and_may_come_back(
    monkeypatch: pytest.MonkeyPatch, release: threading.Event
) -> None:
    monkeypatch.setattr(segmenter_thread, "ANSWER_LIMIT_S", 0.2)
    thread = SegmenterThread(loaded(NumberSegmenter(waiting(release))), nothing)
    thread.start()
    wait_until(lambda: thread.ready)
    with pytest.raises(SegmenterError, match=r"not answered for 0\.2 s"):
        thread.segment(PICTURE, 0)
    assert not thread.ready
    release.set()
    wait_until(lambda: thread.ready)
    assert thread.segment(PICTURE, 1).frame_index == 1
    thread.stop()
    assert thread.wait(10)


def test_stopping_during_loading_does_not_enter(release: threading.Event) -> None:
    segmenter = NumberSegmenter()

    def load() -> PlayerSegmenter:
        release.wait()
        return segmenter

    thread = SegmenterThread(load, nothing)
    thread.start()
    thread.stop()
    assert not thread.wait(0.05)
    release.set()
    assert thread.wait(10)
    assert segmenter.entered == 0


def test_stopping_lets_go_of_who_waits(release: threading.Event) -> None:
    thread = SegmenterThread(loaded(NumberSegmenter(waiting(release))), nothing)
    thread.start()
    wait_until(lambda: thread.ready)
    threading.Timer(0.1, thread.stop).start()
    begun_s = time.monotonic()
    with pytest.raises(SegmenterError, match="stopped"):
        thread.segment(PICTURE, 0)
    assert time.monotonic() - begun_s < segmenter_thread.ANSWER_LIMIT_S
    release.set()
    assert thread.wait(10)


def test_one_that_was_never_started_has_ended() -> None:
    thread = SegmenterThread(loaded(NumberSegmenter()), nothing)
    thread.stop()
    assert thread.wait(0)
