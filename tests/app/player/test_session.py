"""A whole session on real files: opening, playing, the person's hand, what fails, and the end."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.player import segmenter_thread
from app.player.base import CLOSING_LIMIT_S
from app.player.detection import Detection
from app.player.playback import WHOLE_VIDEO, PlaybackState
from app.player.segmenter_thread import PlayerSegmenter
from app.player.session import PlayerSession
from app.player.shown import AiState, Shown
from models.backends.base import BackendError
from tests.app.player.watching import (
    FRAMES,
    RATE,
    NumberSegmenter,
    Watched,
    Watcher,
    loaded,
    number_marked,
    numbered_video,
    player_threads,
)
from tests.app.sources.pictures import write_image
from tests.app.sources.videos import CODINGS, number_in, numbered_picture, write_video
from tests.leftovers import held, wait_until_given_back
from tests.processor_wait import ProcessorWait
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered_video(tmp_path_factory.mktemp("player") / "numbered.mp4")


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Set at the end, so that nothing that waits for it outlives the test."""
    event = threading.Event()
    yield event
    event.set()


def slow(index: int) -> None:
    time.sleep(0.05)


def first_of(watcher: Watcher, generation: int) -> Shown:
    wait_until(lambda: watcher.shown[-1].generation == generation)
    return next(shown for shown in watcher.shown if shown.generation == generation)


def ready(session: PlayerSession) -> None:
    """Waits until a frame with its mask is on screen."""
    wait_until(lambda: session.shown is not None and session.shown.segmentation is not None)


def steady(session: PlayerSession, index: int) -> None:
    """Waits until the frame, segmented, is on screen."""
    wait_until(
        lambda: (
            session.shown is not None
            and session.shown.frame.index == index
            and session.shown.segmentation is not None
            and session.shown.generation == session.generation
        ),
        f"frame {index} on screen",
    )


def shows(watcher: Watcher, index: int) -> Callable[[], bool]:
    """A condition: the frame is on screen, segmented or not."""
    return lambda: watcher.indices[-1:] == [index]


def test_it_plays_to_the_end_with_each_mask_on_its_own_frame(video: Path) -> None:
    with Watched(video, loaded(NumberSegmenter(slow))) as (session, watcher):
        wait_until(lambda: session.state.playback is PlaybackState.ENDED)
        wait_until(lambda: watcher.indices[-1] == FRAMES - 1)
        assert watcher.indices == sorted(watcher.indices)
        masked = [shown for shown in watcher.shown if shown.segmentation is not None]
        assert len(masked) > 10
        for shown in masked:
            assert number_in(shown.frame.picture) == shown.frame.index
            assert number_marked(shown) == shown.frame.index
        statistics = session.statistics
        assert statistics.frames_shown == len(watcher.shown)
        assert statistics.masks_shown == len(masked)
        assert len(set(watcher.indices)) + statistics.frames_dropped == FRAMES
        assert statistics.frames_dropped > 0
        assert watcher.failures == []


def test_the_state_tells_all_along_what_goes_on(video: Path) -> None:
    with Watched(video, loaded(NumberSegmenter())) as (session, watcher):
        ready(session)
        state = session.state
        assert state.source is not None
        assert state.source.name == "numbered.mp4"
        assert state.duration_s == pytest.approx(FRAMES / RATE)
        assert state.seekable
        assert state.ai is AiState.READY
        assert state.runtime == NumberSegmenter().info
        times_s = session.frame_times_s
        assert times_s is not None
        assert len(times_s) == FRAMES
        wait_until(lambda: any(s.playback is PlaybackState.ENDED for s in watcher.states))
        playbacks = list(dict.fromkeys(state.playback for state in watcher.states))
        assert playbacks == [PlaybackState.OPENING, PlaybackState.PLAYING, PlaybackState.ENDED]
        assert watcher.states[0].ai is AiState.NO_SIGNAL
        assert [step.step for step in watcher.progress][:2] == ["opening", "indexing"]
        shares = [step.share for step in watcher.progress if step.step == "indexing" and step.share]
        assert all(0 <= share <= 1 for share in shares)
        assert [step.share for step in watcher.progress if step.step == "loading"] == [None, 1.0]


def test_pause_step_and_seek_are_exact(video: Path) -> None:
    with Watched(video, loaded(NumberSegmenter()), playing=False) as (session, watcher):
        steady(session, 0)
        session.step(1)
        steady(session, 1)
        session.step(-1)
        steady(session, 0)
        session.seek(1.5)
        steady(session, 45)
        session.step(-1)
        steady(session, 44)
        session.step(10)
        steady(session, 54)
        assert session.state.playback is PlaybackState.PAUSED
        session.toggle()
        wait_until(lambda: watcher.indices[-1] > 60)
        session.pause()
        wait_until(lambda: session.state.playback is PlaybackState.PAUSED)


def test_after_a_seek_no_frame_of_before_is_shown(video: Path) -> None:
    rng = random.Random(2)
    with Watched(video, loaded(NumberSegmenter(slow))) as (session, watcher):
        ready(session)
        for _ in range(10):
            index = rng.randrange(FRAMES - 20)
            session.seek(index / RATE)
            generation = session.generation
            assert first_of(watcher, generation).frame.index == index
            time.sleep(rng.uniform(0, 0.15))
        generations = [shown.generation for shown in watcher.shown]
        assert generations == sorted(generations)


def test_the_video_plays_while_the_network_loads(video: Path, release: threading.Event) -> None:
    segmenter = NumberSegmenter()

    segmenter.info = replace(segmenter.info, passed_over=("the fast one is missing",))

    def load() -> PlayerSegmenter:
        release.wait()
        return segmenter

    with Watched(video, load) as (session, watcher):
        session.set_loop(WHOLE_VIDEO)
        wait_until(lambda: len(watcher.shown) > 10)
        assert session.state.ai is AiState.OFF
        assert (
            session.state.ai_reason
            == watcher.shown[-1].ai_reason
            == ("The network is being loaded.")
        )
        assert session.state.runtime is None
        release.set()
        ready(session)
        wait_until(lambda: watcher.states[-1].ai is AiState.READY)
        assert watcher.states[-1].notices == ("the fast one is missing",)


def test_a_paused_frame_gets_its_mask_once_the_network_is_there(
    video: Path, release: threading.Event
) -> None:
    def load() -> PlayerSegmenter:
        release.wait()
        return NumberSegmenter()

    with Watched(video, load, playing=False) as (session, watcher):
        session.seek(1.0)
        wait_until(lambda: bool(watcher.shown) and watcher.shown[-1].frame.index == RATE)
        release.set()
        steady(session, RATE)
        assert set(watcher.indices) <= {0, RATE}


def test_without_a_network_the_reason_is_given(video: Path) -> None:
    with Watched(video) as (session, watcher):
        wait_until(lambda: len(watcher.shown) > 3)
        assert session.state.ai is AiState.OFF
        assert watcher.shown[-1].ai_reason == "Segmentation is switched off."
        assert watcher.shown[-1].findings is None


def test_a_video_that_cannot_be_opened_leaves_no_network_behind(tmp_path: Path) -> None:
    segmenter = NumberSegmenter()
    with Watched(tmp_path / "missing.mp4", loaded(segmenter)) as (session, watcher):
        wait_until(lambda: session.ended)
        assert len(watcher.failures) == 1
        assert segmenter.entered == segmenter.left


def test_a_network_that_cannot_be_loaded_leaves_the_video(video: Path) -> None:
    def load() -> PlayerSegmenter:
        raise BackendError("No runtime works on this machine.")

    with Watched(video, load) as (session, watcher):
        wait_until(lambda: session.state.ai_reason == "No runtime works on this machine.")
        wait_until(lambda: session.state.playback is PlaybackState.ENDED)
        assert watcher.indices[-1] == FRAMES - 1
        assert watcher.shown[-1].ai_reason == "No runtime works on this machine."
        assert watcher.failures == []


def test_a_network_that_fails_leaves_the_video_and_loses_no_frame(video: Path) -> None:
    def fail(index: int) -> None:
        if index >= 20:
            raise BackendError("The device is gone.")

    segmenter = NumberSegmenter(fail)
    with Watched(video, loaded(segmenter), playing=False) as (session, watcher):
        steady(session, 0)  # the first picture may have come before the network
        begun = len(watcher.shown)
        for index in range(1, 23):
            session.step(1)
            wait_until(shows(watcher, index))
        shown = watcher.shown[begun:]
        assert list(dict.fromkeys(watcher.indices)) == list(range(23))
        assert all(s.segmentation is not None for s in shown if s.frame.index < 20)
        assert all(s.segmentation is None for s in shown if s.frame.index >= 20)
        assert session.state.ai is AiState.OFF
        assert session.state.ai_reason == "The device is gone."
        assert session.state.runtime is None
        assert segmenter.left == 1


def test_a_network_that_hangs_is_stale_then_off_then_back(
    video: Path, release: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segmenter_thread, "ANSWER_LIMIT_S", 1.0)

    def hang(index: int) -> None:
        if index >= 10 and not release.is_set():
            release.wait()

    with Watched(video, loaded(NumberSegmenter(hang))) as (session, watcher):
        session.set_loop(WHOLE_VIDEO)
        wait_until(lambda: any(state.ai is AiState.STALE for state in watcher.states))
        wait_until(lambda: watcher.states[-1].ai is AiState.OFF)
        assert "not answered for 1 s" in watcher.states[-1].ai_reason
        count = len(watcher.shown)
        wait_until(lambda: len(watcher.shown) > count + 10)
        release.set()
        wait_until(lambda: watcher.states[-1].ai is AiState.READY)


def test_the_threshold_changes_the_frame_on_screen_without_the_network(video: Path) -> None:
    segmenter = NumberSegmenter()
    with Watched(video, loaded(segmenter), playing=False) as (session, watcher):
        ready(session)  # a seek before the network is there shows its frame twice
        session.seek(2.0)
        steady(session, 60)
        asked, count = segmenter.asked, len(watcher.shown)
        session.set_detection(Detection(threshold=0.9))
        wait_until(lambda: len(watcher.shown) > count)
        assert watcher.shown[-1].threshold == 0.9
        assert watcher.shown[-1].findings is not None
        assert watcher.shown[-1].findings.regions == watcher.shown[-1].alerts == ()
        assert watcher.shown[-1].frame is watcher.shown[-2].frame
        session.set_detection(Detection(threshold=0.5))
        wait_until(lambda: bool(watcher.shown[-1].alerts))
        assert segmenter.asked == asked


def test_alerts_wait_for_their_minimum_in_play_but_not_on_a_still_frame(video: Path) -> None:
    detection = Detection(minimum_alert_ms=400)
    with Watched(video, loaded(NumberSegmenter()), detection) as (session, watcher):
        wait_until(lambda: session.state.playback is PlaybackState.ENDED)
        masked = [shown for shown in watcher.shown if shown.findings and shown.findings.regions]
        first_s = masked[0].frame.pts_s
        for shown in masked:
            assert bool(shown.alerts) == (round(shown.frame.pts_s - first_s, 6) >= 0.4)
        session.step(-3)
        steady(session, FRAMES - 4)
        assert session.shown is not None
        assert session.shown.alerts


def test_events_thumbnails_and_bookmarks(video: Path) -> None:
    with Watched(video, loaded(NumberSegmenter(slow))) as (session, _):
        wait_until(lambda: session.state.playback is PlaybackState.ENDED)
        steady(session, FRAMES - 1)
        (event,) = session.events.events
        assert event.start_s <= 0.5
        assert event.end_s == pytest.approx(FRAMES / RATE)
        assert event.peak_probability == pytest.approx(200 / 255)
        small = session.thumbnail(event.thumbnail_pts_s)
        assert small is not None
        assert small.shape == (64, 128, 3)
        assert session.thumbnail(-1.0) is None
        assert session.events is session.events
        for pts_s in (2.0, 1.0, 3.0, 2.0):
            session.toggle_bookmark(pts_s)
        assert session.bookmarks == (1.0, 3.0)


def test_a_folder_of_images_plays(tmp_path: Path) -> None:
    for number in range(10):
        write_image(tmp_path / f"{number}.png", numbered_picture(number))
    with Watched(tmp_path, loaded(NumberSegmenter()), playing=False) as (session, _):
        steady(session, 0)
        session.seek(99.0)
        steady(session, 9)
        assert session.shown is not None
        assert session.shown.frame.name == "9.png"


def test_a_broken_file_is_refused_with_its_sentence(tmp_path: Path) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(np.random.default_rng(1).bytes(5000))
    with Watched(broken, loaded(NumberSegmenter())) as (session, watcher):
        wait_until(lambda: bool(watcher.failures))
        assert str(broken) in watcher.failures[0]
        assert session.state.playback is PlaybackState.FAILED
        assert session.state.failure == watcher.failures[0]
        assert session.state.ai is AiState.NO_SIGNAL
        assert watcher.shown == []


def test_an_unexpected_error_is_told_too(video: Path) -> None:
    class Deaf(Watcher):
        def on_shown(self, shown: object) -> None:
            raise RuntimeError("no screen")

    watcher = Deaf()
    session = PlayerSession(video, None, watcher, Detection())
    session.start()
    wait_until(lambda: bool(watcher.failures))
    assert "no screen" in watcher.failures[0]
    assert session.close()


def test_a_file_cut_off_plays_as_far_as_it_goes_and_says_so(tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi", CODINGS["mjpeg-avi"], FRAMES)
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with Watched(cut) as (session, watcher):
        session.set_speed(8.0)
        wait_until(lambda: session.state.playback is PlaybackState.ENDED)
        wait_until(lambda: bool(watcher.states[-1].report.messages))
        assert watcher.indices[-1] > FRAMES // 4


@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.1, 0.3])
def test_closing_at_any_time_is_quick_and_leaves_nothing(video: Path, after_s: float) -> None:
    with Watched(video, loaded(NumberSegmenter(slow))) as (session, watcher):
        time.sleep(after_s)
        wait = ProcessorWait()
        begun_s = time.monotonic()
        assert session.close()
        assert time.monotonic() - begun_s < CLOSING_LIMIT_S + wait.s
        told = len(watcher.shown), len(watcher.states)
        time.sleep(0.1)
        assert told == (len(watcher.shown), len(watcher.states))
        assert session.state.playback is PlaybackState.CLOSED


def test_closing_while_a_runtime_loads_does_not_wait_for_it(
    video: Path, release: threading.Event
) -> None:
    def load() -> PlayerSegmenter:
        release.wait()
        return NumberSegmenter()

    watcher = Watcher()
    session = PlayerSession(video, load, watcher, Detection())
    session.start()
    wait_until(lambda: bool(watcher.shown))
    wait = ProcessorWait()
    begun_s = time.monotonic()
    assert not session.close()
    assert time.monotonic() - begun_s < CLOSING_LIMIT_S + 0.5 + wait.s
    assert player_threads() == ["player-segmenter"]
    release.set()
    wait_until(lambda: session.ended)
    assert player_threads() == []


def test_the_listener_may_stop_the_session(video: Path) -> None:
    class Once(Watcher):
        session: PlayerSession

        def on_shown(self, shown: object) -> None:
            self.session.stop()
            self.shown.append(shown)  # type: ignore[arg-type]

    watcher = Once()
    watcher.session = PlayerSession(video, None, watcher, Detection())
    watcher.session.start()
    wait_until(lambda: watcher.session.ended)
    assert len(watcher.shown) == 1


def test_one_that_was_never_started_closes(video: Path) -> None:
    assert PlayerSession(video, loaded(NumberSegmenter()), Watcher(), Detection()).close()


def test_fifty_rounds_leave_no_thread_and_no_handle(video: Path) -> None:
    before: frozenset[str] = frozenset()
    rng = random.Random(4)
    for round_number in range(50):
        with Watched(video, loaded(NumberSegmenter())) as (session, _):
            if round_number % 5 == 0:
                ready(session)
            else:
                time.sleep(rng.uniform(0, 0.03))
        if round_number == 4:
            before = held()
    wait_until_given_back(before)


def test_two_hundred_random_actions(video: Path) -> None:
    rng = random.Random(11)
    with Watched(video, loaded(NumberSegmenter())) as (session, watcher):
        actions: list[Callable[[], object]] = [
            session.play,
            session.pause,
            session.toggle,
            lambda: session.step(rng.choice([-30, -1, 1, 30])),
            lambda: session.seek(rng.uniform(0, 4)),
            lambda: session.set_speed(rng.uniform(0.1, 8)),
            lambda: session.set_loop(rng.choice([None, WHOLE_VIDEO])),
            lambda: session.set_detection(Detection(rng.random(), rng.choice([0, 200]))),
        ]
        for _ in range(200):
            rng.choice(actions)()
            time.sleep(rng.uniform(0, 0.02))
        for shown in watcher.shown:
            if shown.segmentation is not None:
                assert number_marked(shown) == number_in(shown.frame.picture) == shown.frame.index
        generations = [shown.generation for shown in watcher.shown]
        assert generations == sorted(generations)
        session.seek(1.0)
        session.pause()
        steady(session, RATE)
        assert watcher.failures == []
