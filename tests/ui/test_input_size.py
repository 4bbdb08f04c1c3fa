"""A machine without a fast GPU: a smaller input is offered, chosen and used while the video plays.

With the weights that ship, on the runtimes that run them without a GPU.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PyQt6.QtCore import Qt
from PyQt6.QtTest import QTest
from PyQt6.QtWidgets import QTabWidget
from pytestqt.qtbot import QtBot

from app.config import AppConfig
from app.pipeline.metrics import PipelineSnapshot
from app.pipeline.pipeline import Pipeline
from app.player.loading import SegmenterLoader, live_segmenter_loader
from app.player.playback import WHOLE_VIDEO, PlaybackState
from app.player.segmenter_thread import PlayerSegmenter
from app.player.settings import SMALLER_INPUT_SIZE, ViewerSettings, load_settings
from app.ui.preferences_dialog import PreferencesDialog
from app.ui.state_notices import SLOW_FOR_S
from models.backends.base import BackendInfo
from models.backends.onnxruntime_backend import OnnxRuntimeBackend
from models.backends.selection import choose_backend
from models.picture import Picture
from models.segmentation import Segmentation
from models.segmenter import Segmenter
from models.spec import ModelSpec
from models.weights import DEFAULT_WEIGHTS
from tests.locations import DEMO_CLIP
from tests.models.tiny_model import write_tiny_model
from tests.ui.seat import Seat, tiny_loader, tiny_segmenter

LIVE = "test-picture:320x240@25"
FAST = "test-picture:320x240@60"
LOADING_MS = 60_000
"""Patience with a real network that is loaded beside another."""
OFFER = f"input size {SMALLER_INPUT_SIZE}"


def config(backend: str, input_size: int | None = None) -> AppConfig:
    return AppConfig(backend, DEFAULT_WEIGHTS, None, None, input_size)


def wait_for_side(seat: Seat, side: int) -> None:
    """Until the network runs with an input of this size."""

    def has_side() -> bool:
        return seat.model.state is not None and seat.model.state.input_size == side

    seat.qtbot.waitUntil(has_side, timeout=LOADING_MS)


def network_page(seat: Seat) -> PreferencesDialog:
    seat.window.actions_by_name["preferences"].trigger()
    dialog = seat.preferences()
    tabs = dialog.findChild(QTabWidget)
    assert tabs is not None
    tabs.setCurrentWidget(dialog.input_size.parentWidget())
    dialog.activateWindow()
    seat.wait(dialog.isActiveWindow, "keys go to the dialog")
    return dialog


def choose(dialog: PreferencesDialog, row: int) -> None:
    """As a person does with the keyboard."""
    key = Qt.Key.Key_Down if row > dialog.input_size.currentIndex() else Qt.Key.Key_Up
    QTest.keyClick(dialog.input_size, key)  # type: ignore[call-overload]  # as in seat.py
    assert dialog.input_size.currentIndex() == row


ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only there it has its own process")


@pytest.mark.parametrize(
    ("location", "backend"),
    [(str(DEMO_CLIP), "openvino"), pytest.param(LIVE, "onnxruntime", marks=ON_LINUX)],
    ids=["recorded", "live"],
)
def test_a_chosen_size_is_used_while_the_video_plays_on(
    qtbot: QtBot, tmp_path: Path, location: str, backend: str
) -> None:
    load = SegmenterLoader(config(backend))
    seat = Seat(qtbot, tmp_path, live_segmenter_loader(load) if location == LIVE else load)
    seat.model.settings_changed.connect(load.follow)
    seat.open(location)
    if seat.model.recording is not None:
        seat.model.recording.set_loop(WHOLE_VIDEO)
    wait_for_side(seat, 352)
    session = seat.model.session
    dialog = network_page(seat)
    for row, wanted in ((1, SMALLER_INPUT_SIZE), (0, 352)):
        choose(dialog, row)
        wait_for_side(seat, wanted)
        assert seat.model.settings.input_size == (None if row == 0 else wanted)
    assert session is not None
    assert seat.model.session is session
    seat.model.close_video()  # a runtime may take longer to end than a window waits for it
    seat.qtbot.waitUntil(lambda: session.ended, timeout=LOADING_MS)
    seat.leave()


def test_what_was_chosen_holds_for_the_next_start(qtbot: QtBot, tmp_path: Path) -> None:
    load = SegmenterLoader(config("openvino"))
    seat = Seat(qtbot, tmp_path, load)
    choose(network_page(seat), 1)
    seat.leave()
    settings = load_settings(tmp_path / "viewer.json").settings
    assert settings.input_size == SMALLER_INPUT_SIZE
    load = SegmenterLoader(config("openvino"), settings.input_size)
    seat = Seat(qtbot, tmp_path, load, settings)
    seat.open(DEMO_CLIP)
    wait_for_side(seat, SMALLER_INPUT_SIZE)
    assert network_page(seat).input_size.currentIndex() == 1
    seat.leave()


class Slow(Segmenter):
    """Is slower than ``FAST``, however fast the machine."""

    def segment(self, picture: Picture, frame_index: int) -> Segmentation:
        segmentation = super().segment(picture, frame_index)
        time.sleep(0.02)
        return segmentation


def slow_loader(input_size: int | None) -> Callable[[], PlayerSegmenter]:
    return lambda: Slow(choose_backend("openvino", DEFAULT_WEIGHTS, None, input_size=input_size))


def watch_for_long(seat: Seat, location: str) -> None:
    """Longer than a network has to be slow before the offer comes."""
    seat.open(location)
    session = seat.model.session
    assert session is not None

    seat.qtbot.waitUntil(lambda: session.segment_p50_ms > 0, timeout=LOADING_MS)
    seat.qtbot.wait(round(1500 * SLOW_FOR_S))
    assert session.state.playback is PlaybackState.PLAYING


def test_the_smaller_size_is_offered_once_where_the_network_is_slower(
    qtbot: QtBot, tmp_path: Path
) -> None:
    seat = Seat(qtbot, tmp_path, slow_loader(None))
    for location in (FAST, FAST):
        watch_for_long(seat, location)
    offers = [notice for notice in seat.notices if OFFER in notice]
    assert len(offers) == 1
    seat.leave()


def test_nothing_is_offered_where_it_would_change_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    seat = Seat(
        qtbot,
        tmp_path,
        slow_loader(SMALLER_INPUT_SIZE),
        ViewerSettings(input_size=SMALLER_INPUT_SIZE),
    )
    watch_for_long(seat, FAST)
    assert not any(OFFER in notice for notice in seat.notices)
    seat.leave()


class CalledTensorRT(Segmenter):
    """A runtime of a machine with a GPU, by its name alone."""

    @property
    def info(self) -> BackendInfo:
        return replace(super().info, backend="tensorrt")


def test_while_a_video_plays_the_offer_costs_no_snapshot_of_the_pipeline(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is looked for several times a second, and a snapshot sorts thousands of durations."""
    snapshots: list[Pipeline] = []
    take = Pipeline.snapshot

    def counted(pipeline: Pipeline) -> PipelineSnapshot:
        snapshots.append(pipeline)
        return take(pipeline)

    monkeypatch.setattr(Pipeline, "snapshot", counted)
    seat = Seat(qtbot, tmp_path, slow_loader(None))
    seat.open(FAST)
    seat.qtbot.waitUntil(
        lambda: any(OFFER in notice for notice in seat.notices), timeout=LOADING_MS
    )
    assert snapshots == []
    seat.leave()


def test_the_preferences_name_the_size_that_the_network_really_has(
    qtbot: QtBot, tmp_path: Path
) -> None:
    spec = ModelSpec(name="large", height=480, width=480)
    seat = Seat(qtbot, tmp_path, partial(tiny_segmenter, write_tiny_model(tmp_path, spec)))
    dialog = network_page(seat)
    seat.open(LIVE)
    wait_for_side(seat, 480)
    seat.wait(lambda: "480" in dialog.input_size_hint.text(), "the size is named")
    assert "352" not in dialog.input_size.currentText() + dialog.input_size_hint.text()
    assert dialog.input_size.isEnabled()
    seat.leave()


def test_a_size_larger_than_the_models_own_is_not_called_faster(
    qtbot: QtBot, tmp_path: Path
) -> None:
    seat = Seat(qtbot, tmp_path, tiny_loader(tmp_path))
    dialog = network_page(seat)
    seat.open(LIVE)
    seat.wait(lambda: not dialog.input_size.isEnabled(), "there is no choice")
    assert "smaller" in dialog.input_size_hint.text()
    seat.leave()


def test_where_an_engine_runs_there_is_no_choice_and_the_reason_stands_there(
    qtbot: QtBot, tmp_path: Path
) -> None:
    weights = write_tiny_model(tmp_path)
    seat = Seat(qtbot, tmp_path, lambda: CalledTensorRT(OnnxRuntimeBackend(weights)))
    dialog = network_page(seat)
    assert dialog.input_size.isEnabled()
    seat.open(LIVE)
    seat.wait(lambda: not dialog.input_size.isEnabled(), "there is no choice")
    assert "TensorRT engine" in dialog.input_size_hint.text()
    seat.model.close_video()
    assert dialog.input_size.isEnabled()
    seat.leave()


def test_the_command_line_wins_over_what_was_chosen(qtbot: QtBot, tmp_path: Path) -> None:
    load = SegmenterLoader(config("openvino", 224), SMALLER_INPUT_SIZE)
    seat = Seat(
        qtbot, tmp_path, load, ViewerSettings(input_size=SMALLER_INPUT_SIZE), input_size=224
    )
    seat.open(DEMO_CLIP)
    wait_for_side(seat, 224)
    dialog = network_page(seat)
    assert not dialog.input_size.isEnabled()
    assert "224" in dialog.input_size_hint.text()
    seat.leave()
