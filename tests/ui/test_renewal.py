"""What was built from the window is used in the window, without another start."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PyQt6.QtCore import QProcess
from pytestqt.qtbot import QtBot

from app.player.segmenter_thread import PlayerSegmenter
from app.player.shown import AiState
from app.ui.engine_process import EngineProcess
from models.supervised.supervised_segmenter import SupervisedSegmenter
from tests.app.player.watching import numbered_video
from tests.models.tiny_model import TINY_SPEC, write_tiny_model
from tests.ui.seat import Seat, tiny_segmenter

LIVE = "test-picture:320x240@25"


def seat_with(
    qtbot: QtBot, folder: Path, load: Callable[[], PlayerSegmenter], *, code: int
) -> Seat:
    """Its engine builder says that it built one, and ends with ``code``."""
    builder = folder / "build.py"
    builder.write_text(f"print('The engine is built and certified.')\nraise SystemExit({code})")
    engines = EngineProcess(folder / "tiny.onnx", folder / "engines", builder=builder)
    return Seat(qtbot, folder, load, engines=engines)


def model_sha256(seat: Seat) -> str | None:
    state = seat.model.state
    return None if state is None or state.runtime is None else state.runtime.model_sha256


@pytest.mark.parametrize("live", [False, True])
def test_the_video_goes_on_with_what_was_built(qtbot: QtBot, tmp_path: Path, live: bool) -> None:
    make = partial(tiny_segmenter, write_tiny_model(tmp_path))
    load = (lambda: SupervisedSegmenter(make)) if live else make
    seat = seat_with(qtbot, tmp_path, load, code=0)
    seat.open(LIVE if live else numbered_video(tmp_path / "video.mp4"))
    seat.wait_segmented()
    seat.wait(lambda: model_sha256(seat) is not None, "the network is known")
    before, session = model_sha256(seat), seat.model.session
    states: list[AiState] = []
    seat.model.state_changed.connect(lambda state: states.append(state.ai))
    write_tiny_model(tmp_path, replace(TINY_SPEC, name="rebuilt"))
    seat.window.actions_by_name["build_engine"].trigger()
    seat.wait(lambda: model_sha256(seat) not in (None, before), "the new one runs")
    assert seat.model.session is session
    assert AiState.OFF not in states
    assert seat.window.notice_bar.sentence == "The engine is built and certified."
    seat.wait_segmented()
    seat.leave()


@pytest.mark.parametrize("live", [False, True])
def test_a_picture_that_stands_still_is_segmented_anew(
    qtbot: QtBot, tmp_path: Path, live: bool
) -> None:
    make = partial(tiny_segmenter, write_tiny_model(tmp_path))
    load = (lambda: SupervisedSegmenter(make)) if live else make
    seat = seat_with(qtbot, tmp_path, load, code=0)
    seat.open(LIVE if live else numbered_video(tmp_path / "video.mp4"))
    seat.wait_segmented()
    seat.pause()

    def side() -> int:
        shown = seat.model.shown
        assert shown is not None
        return 0 if shown.segmentation is None else shown.segmentation.probability.shape[1]

    assert seat.model.shown is not None
    standing = seat.model.shown.frame.index
    write_tiny_model(tmp_path, replace(TINY_SPEC, height=48, width=64))
    seat.model.renew_segmenter()
    seat.wait(lambda: side() == 64, "the mask is that of the new network")
    assert seat.model.shown.frame.index == standing
    seat.leave()


def test_what_could_not_be_built_changes_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    loads = 0
    make = partial(tiny_segmenter, write_tiny_model(tmp_path))

    def load() -> PlayerSegmenter:
        nonlocal loads
        loads += 1
        return make()

    seat = seat_with(qtbot, tmp_path, load, code=1)
    seat.open(numbered_video(tmp_path / "video.mp4"))
    seat.wait_segmented()
    seat.window.actions_by_name["build_engine"].trigger()
    seat.wait(lambda: not seat.engines.running, "the builder ended")
    qtbot.wait(300)
    assert loads == 1
    seat.leave()


def test_cancelling_a_builder_that_has_just_ended_interrupts_nobody(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seat = seat_with(qtbot, tmp_path, partial(tiny_segmenter, write_tiny_model(tmp_path)), code=0)
    interrupted: list[int] = []
    monkeypatch.setattr(os, "kill", lambda number, _: interrupted.append(number))
    seat.engines.build()
    process = seat.engines.findChild(QProcess)
    assert process is not None
    process.blockSignals(True)  # it ends, and nobody has heard of it yet
    assert process.waitForFinished(20_000)
    seat.engines.cancel()
    assert interrupted == []
    process.blockSignals(False)
    process.finished.emit(0, QProcess.ExitStatus.NormalExit)
    assert not seat.engines.running
    seat.leave()


def test_without_a_video_a_built_engine_waits_for_one(qtbot: QtBot, tmp_path: Path) -> None:
    make = partial(tiny_segmenter, write_tiny_model(tmp_path))
    seat = seat_with(qtbot, tmp_path, make, code=0)
    with qtbot.waitSignal(seat.engines.built, timeout=20_000):
        seat.window.actions_by_name["build_engine"].trigger()
    assert seat.model.session is None
    seat.leave()
