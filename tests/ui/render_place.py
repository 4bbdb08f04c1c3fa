"""``pytest tests/ui/render_place.py``: the viewer's picture of the demo clip with two markers, at
every size of the window.

Run by ``test_marker_place.py`` as a process of its own, since Qt takes its scale factor from the
environment when it starts.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pytestqt.qtbot import QtBot

from app.config import AppConfig
from app.player.loading import SegmenterLoader
from app.player.settings import MarkerKind
from models.weights import DEFAULT_WEIGHTS
from tests.locations import DEMO_CLIP
from tests.ui.render_markers import grabbed
from tests.ui.seat import Seat

RENDERED_FILE = "RENDERED_FILE"
"""Variable that names the file for the pictures."""
MARKED_AT_S = 9.0
"""A large sessile polyp fills a part of the picture."""
WINDOW_SIZES = ((900, 600), (1280, 720), (1920, 1080))
"""Width and height in logical pixels."""
MOST_TRIES = 100


def picture_name(size: tuple[int, int], marker: MarkerKind) -> str:
    return f"{size[0]}x{size[1]} {marker.value}"


def both_markers(seat: Seat) -> dict[MarkerKind, NDArray[np.uint8]]:
    """The same picture with each marker; taken anew until nothing else changed meanwhile.

    Layout and fading controls come to rest in their own time, and a window hears of its old size
    once more before it has its new one.
    """

    def picture(marker: MarkerKind) -> NDArray[np.uint8]:
        seat.model.change(marker=marker)
        seat.qtbot.wait(50)
        return grabbed(seat.window.view)

    before = picture(MarkerKind.CONTOUR)
    for _ in range(MOST_TRIES):
        filled, after = picture(MarkerKind.FILL), picture(MarkerKind.CONTOUR)
        unchanged = filled.shape == after.shape and np.array_equal(before, after)
        if unchanged and not np.array_equal(filled, after):
            return {MarkerKind.CONTOUR: after, MarkerKind.FILL: filled}
        before = after
    raise AssertionError("the picture of a paused video goes on changing")


def test_render_place(qtbot: QtBot, tmp_path: Path) -> None:
    seat = Seat(qtbot, tmp_path, SegmenterLoader(AppConfig("auto", DEFAULT_WEIGHTS, None, None)))
    seat.model.change(opacity=1.0)
    seat.open(DEMO_CLIP)
    seat.wait_segmented()
    seat.pause()
    seat.window.controls.seek(MARKED_AT_S)
    seat.wait(
        lambda: (
            abs(seat.position_s - MARKED_AT_S) < 0.02
            and seat.model.shown is not None
            and bool(seat.model.shown.alerts)
        ),
        "the polyp is marked",
    )
    shown = seat.model.shown
    assert shown is not None
    pictures = {"index": np.array(shown.frame.index)}
    for size in WINDOW_SIZES:
        seat.window.resize(*size)
        qtbot.wait(100)
        for marker, picture in both_markers(seat).items():
            pictures[picture_name(size, marker)] = picture
    seat.leave()
    np.savez(os.environ[RENDERED_FILE], **pictures)  # type: ignore[arg-type]
