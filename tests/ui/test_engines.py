"""Engines are built and verified from the window, which never waits for the builder."""

from __future__ import annotations

from pathlib import Path

import pytest
from PyQt6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from app.ui.engine_process import EngineProcess
from models.engine_folder import PLAN_FILE, open_engine_folder
from models.spec import ModelSpec
from tests.locations import WEIGHTS
from tests.models.tiny_model import write_tiny_model
from tests.ui.event_loop import LONGEST_GAP_MS, GapMeter
from tests.ui.seat import Seat

SMALL = ModelSpec(height=96, width=96, least_area=0.002)


@pytest.fixture(autouse=True)
def _rtx() -> None:
    pytest.importorskip("tensorrt_rtx", reason="TensorRT-RTX is not installed")


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights at 96x96, where they still mark, and which are built in seconds."""
    pytest.importorskip("torch", reason="exporting a small model needs requirements-train.txt")
    from engine_builder.export import export_checkpoint

    path = tmp_path_factory.mktemp("model") / "small.onnx"
    path.write_bytes(export_checkpoint(WEIGHTS, SMALL))
    return path


def strip_words(seat: Seat) -> str:
    label = seat.window.engine_bar.findChild(QLabel)
    assert label is not None
    return label.text()


def run_to_end(seat: Seat, action: str) -> list[str]:
    """Everything that the strip said."""
    said: list[str] = []
    seat.engines.progress_changed.connect(said.append)
    seat.window.actions_by_name[action].trigger()
    wait_for_end(seat)
    return said


def wait_for_end(seat: Seat) -> None:
    assert seat.window.engine_bar.isVisible()
    assert not seat.window.actions_by_name["build_engine"].isEnabled()
    seat.qtbot.waitUntil(lambda: not seat.engines.running, timeout=120_000)
    assert not seat.window.engine_bar.isVisible()
    assert seat.window.actions_by_name["build_engine"].isEnabled()


def verify(seat: Seat, folder: Path) -> str:
    """The sentence that comes of it."""
    seat.engines.verify(folder)
    wait_for_end(seat)
    return seat.window.notice_bar.sentence


def remains(folder: Path) -> list[Path]:
    """Everything in it, hidden files included."""
    return list(folder.iterdir()) if folder.exists() else []


def test_an_engine_is_built_and_verified_while_the_window_answers(
    qtbot: QtBot, tmp_path: Path, small_model: Path
) -> None:
    seat = Seat(qtbot, tmp_path, None, weights=small_model)
    meter = GapMeter()
    said = run_to_end(seat, "build_engine")
    gaps_ms = [meter.stop()]
    assert [words for words in said if words.startswith("Cast to FP16 … 0:")]
    assert [words for words in said if words.startswith("Build for ")]
    (folder,) = remains(tmp_path / "engines")
    assert open_engine_folder(folder).certificate.precision == "FP16"
    assert f"{folder} is built and certified." in seat.window.notice_bar.sentence

    meter = GapMeter()
    run_to_end(seat, "build_engine")
    gaps_ms.append(meter.stop())
    assert f"{folder} is up to date; nothing to do." in seat.window.notice_bar.sentence
    # A gap that the program makes comes every time; one that a busy machine makes does not.
    assert min(gaps_ms) < LONGEST_GAP_MS, gaps_ms

    assert f"{folder}: every byte is as certified." in verify(seat, folder)
    (folder / PLAN_FILE).write_bytes(b"damaged")
    sentence = verify(seat, folder)
    assert PLAN_FILE in sentence
    assert "engine_builder/build.py --fp16" in sentence
    seat.leave()


def test_cancel_ends_the_builder_and_leaves_nothing(qtbot: QtBot, tmp_path: Path) -> None:
    seat = Seat(qtbot, tmp_path, None)
    seat.window.actions_by_name["build_engine"].trigger()
    seat.wait(lambda: strip_words(seat).startswith("Cast to FP16"), "the builder is at work")
    button = seat.window.engine_bar.findChild(QPushButton)
    assert button is not None
    for _ in range(2):  # impatience does no harm
        seat.click(button, button.rect().center())
    assert strip_words(seat).startswith("Cancelling")
    wait_for_end(seat)
    assert seat.window.notice_bar.sentence == (
        "The engine builder was cancelled; nothing was left behind."
    )
    assert not remains(tmp_path / "engines")
    seat.leave()


def test_closing_the_window_ends_the_builder(qtbot: QtBot, tmp_path: Path) -> None:
    seat = Seat(qtbot, tmp_path, None)
    seat.window.actions_by_name["build_engine"].trigger()
    seat.wait(lambda: strip_words(seat).startswith("Cast to FP16"), "the builder is at work")
    seat.leave()
    assert not seat.engines.running
    assert not remains(tmp_path / "engines")


@pytest.mark.parametrize("damaged", [False, True])
def test_what_the_builder_refuses_is_one_sentence(
    qtbot: QtBot, tmp_path: Path, damaged: bool
) -> None:
    model = write_tiny_model(tmp_path)
    if damaged:
        model.write_bytes(model.read_bytes()[:100])
    seat = Seat(qtbot, tmp_path, None, weights=model)
    run_to_end(seat, "build_engine")
    (sentence,) = (notice for notice in seat.notices if notice)
    assert ("tiny.onnx" if damaged else "layers run in FP16") in sentence
    assert "Traceback" not in sentence
    assert seat.window.notice_bar.sentence == sentence
    assert not remains(tmp_path / "engines")
    seat.leave()


def test_without_the_builder_the_menu_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    absent = EngineProcess(WEIGHTS, tmp_path, builder=tmp_path / "build.py")
    seat = Seat(qtbot, tmp_path, None, engines=absent)
    for name in ("build_engine", "verify_engine"):
        action = seat.window.actions_by_name[name]
        assert not action.isEnabled()
        assert action.text().endswith("(the engine builder is not installed)")
    seat.leave()
