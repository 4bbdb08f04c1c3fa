"""The network is loaded anew while the video plays: it goes on, and no mask is on another frame."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.player.playback import PlaybackState
from app.player.segmenter_thread import PlayerSegmenter, SegmenterError
from app.player.session import PlayerSession
from app.player.shown import AiState
from app.sources.frame_stamp import read_stamp
from tests.app.player import live_watching, watching
from tests.app.player.live_watching import (
    StampSegmenter,
    calm_picture,
    test_picture,
    watched_live,
)
from tests.app.player.watching import (
    NumberSegmenter,
    Watched,
    Watcher,
    longer,
    numbered_video,
    player_threads,
)
from tests.app.sources.videos import number_in
from tests.waiting import wait_until


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return numbered_video(tmp_path_factory.mktemp("video") / "numbered.mp4", frames=300)


class Loader:
    """Gives one network after another; each says in its version which one it is."""

    def __init__(self, kind: type[NumberSegmenter] | type[StampSegmenter]) -> None:
        self._kind = kind
        self.loaded: list[NumberSegmenter | StampSegmenter] = []
        self.fails_with = ""
        self.may_load = threading.Event()
        self.may_load.set()

    def __call__(self) -> PlayerSegmenter:
        self.may_load.wait()
        if self.fails_with:
            raise SegmenterError(self.fails_with)
        segmenter = self._kind()
        segmenter.info = replace(segmenter.info, version=str(len(self.loaded) + 1))
        self.loaded.append(segmenter)
        return segmenter


def masked(watcher: Watcher) -> int:
    return sum(shown.segmentation is not None for shown in list(watcher.shown))


def runs_with(session: PlayerSession, version: str) -> Callable[[], bool]:
    def runs() -> bool:
        runtime = session.state.runtime
        return runtime is not None and runtime.version == version

    return runs


def expect_own_masks(watcher: Watcher) -> None:
    for shown in watcher.shown:
        if shown.segmentation is not None:
            assert watching.number_marked(shown) == number_in(shown.frame.picture)


@pytest.fixture
def loader() -> Iterator[Loader]:
    loader = Loader(NumberSegmenter)
    yield loader
    assert all(segmenter.entered == segmenter.left for segmenter in loader.loaded)


def test_the_old_network_marks_until_the_new_one_can(video: Path, loader: Loader) -> None:
    with Watched(video, loader) as (session, watcher):
        wait_until(runs_with(session, "1"))
        loader.may_load.clear()
        session.renew_segmenter()
        told, first = len(watcher.states), masked(watcher)
        wait_until(lambda: masked(watcher) > first + 10, "the old one goes on")
        assert runs_with(session, "1")()
        loader.may_load.set()
        wait_until(runs_with(session, "2"))
        wait_until(lambda: loader.loaded[0].left == 1, "the old one is left")
        first = len(watcher.shown)
        wait_until(longer(watcher.shown, first + 10))
        assert session.state.ai is AiState.READY
        assert all(shown.segmentation is not None for shown in watcher.shown[first:])
        assert AiState.OFF not in {state.ai for state in watcher.states[told:]}
        expect_own_masks(watcher)
        assert session.state.notices == ()


def test_a_frozen_frame_is_marked_by_the_new_network(video: Path, loader: Loader) -> None:
    with Watched(video, loader, playing=False) as (session, watcher):
        wait_until(lambda: masked(watcher) > 0)
        frozen = watcher.shown[-1].frame.pts_s
        session.renew_segmenter()
        wait_until(runs_with(session, "2"))
        wait_until(lambda: loader.loaded[1].asked > 0)  # type: ignore[union-attr]
        assert session.state.playback is PlaybackState.PAUSED
        assert watcher.shown[-1].frame.pts_s == frozen


def test_what_cannot_be_loaded_anew_is_said_and_the_old_one_goes_on(
    video: Path, loader: Loader
) -> None:
    with Watched(video, loader) as (session, watcher):
        wait_until(runs_with(session, "1"))
        loader.fails_with = "The engine was changed."
        session.renew_segmenter()
        notice = "The network was not loaded anew: The engine was changed."
        wait_until(lambda: session.state.notices == (notice,))
        first = masked(watcher)
        wait_until(lambda: masked(watcher) > first + 5)
        loader.fails_with = ""
        session.renew_segmenter()
        wait_until(runs_with(session, "2"))
        assert session.state.notices == ()


def test_a_network_that_was_not_to_be_had_is_there_after_it_was_built(
    video: Path, loader: Loader
) -> None:
    loader.fails_with = "There is no engine; build one."
    with Watched(video, loader) as (session, watcher):
        wait_until(lambda: session.state.ai_reason == "There is no engine; build one.")
        loader.fails_with = ""
        session.renew_segmenter()
        wait_until(lambda: masked(watcher) > 5)
        assert session.state.ai is AiState.READY


def test_impatience_and_closing_leave_nothing(video: Path, loader: Loader) -> None:
    """The context checks the threads."""
    with Watched(video, loader) as (session, _):
        wait_until(runs_with(session, "1"))
        loader.may_load.clear()
        for _ in range(3):
            session.renew_segmenter()
        session.stop()
        session.renew_segmenter()  # too late: nothing begins any more
        loader.may_load.set()
    assert player_threads() == []


def test_without_a_network_there_is_nothing_to_renew(video: Path) -> None:
    with Watched(video) as (session, watcher):
        session.renew_segmenter()
        wait_until(longer(watcher.shown, 5))
        assert session.state.ai is AiState.OFF


def test_live_video_goes_on_while_its_network_is_loaded_anew() -> None:
    loader = Loader(StampSegmenter)
    with watched_live(calm_picture, loader) as (session, watcher):
        wait_until(lambda: masked(watcher) > 10)
        loader.may_load.clear()
        session.renew_segmenter()
        wait_until(lambda: session.state.ai_reason == "The network is being loaded.")
        assert session.state.ai is AiState.OFF
        first = len(watcher.shown)
        wait_until(longer(watcher.shown, first + 30))
        loader.may_load.set()
        wait_until(lambda: session.state.ai is AiState.READY)
        assert session.state.runtime is not None
        assert session.state.runtime.version == "2"
        for shown in watcher.shown:
            if shown.segmentation is not None:
                assert live_watching.number_marked(shown) == read_stamp(shown.frame.picture)
        indices = sorted({shown.frame.index for shown in watcher.shown[first:]})
        assert indices == list(range(indices[0], indices[0] + len(indices)))
        assert session.statistics.pipeline is not None
        assert session.statistics.pipeline.segmenter_failures == 0
    assert [(segmenter.entered, segmenter.left) for segmenter in loader.loaded] == [(1, 1)] * 2


def test_live_video_whose_network_was_not_to_be_had_has_one_after_it_was_built() -> None:
    loader = Loader(StampSegmenter)
    loader.fails_with = "There is no engine; build one."
    with watched_live(test_picture, loader) as (session, watcher):
        wait_until(lambda: session.state.ai_reason.startswith("There is no engine; build one."))
        loader.fails_with = ""
        session.renew_segmenter()
        wait_until(lambda: masked(watcher) > 5)


def test_where_a_live_network_cannot_be_loaded_anew_the_one_before_is_entered_again() -> None:
    loader = Loader(StampSegmenter)
    with watched_live(test_picture, loader) as (session, watcher):
        wait_until(lambda: masked(watcher) > 5)
        loader.fails_with = "The engine was changed."
        session.renew_segmenter()
        wait_until(lambda: session.state.ai_reason.startswith("The engine was changed."))
        wait_until(lambda: session.state.ai is AiState.READY)
    assert [(segmenter.entered, segmenter.left) for segmenter in loader.loaded] == [(2, 2)]
