"""The marker on the screen is where the polyp is: the window's pixels against the phantom's masks,
with the shipped network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PyQt6.QtGui import QImage
from pytestqt.qtbot import QtBot

from app.config import AppConfig
from app.player.loading import segmenter_loader
from app.player.settings import MarkerKind
from app.sources.phantom import DEMO, PhantomSource
from models.weights import DEFAULT_WEIGHTS
from tests.locations import DEMO_CLIP
from tests.ui.seat import Seat

MARKED_AT_S = 9.0
"""A large sessile polyp fills a part of the picture."""
SIZES = ((900, 600), (1280, 720), (1920, 1080))
LEAST_IOU = 0.75
"""Between what is changed on the screen and the phantom's own mask. What is missing to 1 is the
network's own error and the marker's line and words, which weigh more in a small window."""


def pixels(image: QImage) -> NDArray[np.int16]:
    """(height, width, 3) RGB."""
    converted = image.convertToFormat(QImage.Format.Format_RGB888)
    width, height = converted.width(), converted.height()
    bits = converted.constBits()
    assert bits is not None
    rows = np.frombuffer(bits.asstring(converted.sizeInBytes()), np.uint8)
    rows = rows.reshape(height, converted.bytesPerLine())[:, : 3 * width]
    return rows.reshape(height, width, 3).astype(np.int16)


def fitted(mask: NDArray[np.bool_], height: int, width: int) -> NDArray[np.bool_]:
    """``mask`` as a letterboxed picture of (height, width) shows it."""
    scale = min(width / mask.shape[1], height / mask.shape[0])
    top, left = (height - mask.shape[0] * scale) / 2, (width - mask.shape[1] * scale) / 2
    rows = np.floor((np.arange(height) + 0.5 - top) / scale).astype(int)
    columns = np.floor((np.arange(width) + 0.5 - left) / scale).astype(int)
    inside = np.logical_and.outer(
        (rows >= 0) & (rows < mask.shape[0]), (columns >= 0) & (columns < mask.shape[1])
    )
    row_indices = rows.clip(0, mask.shape[0] - 1)
    column_indices = columns.clip(0, mask.shape[1] - 1)
    return np.asarray(mask[np.ix_(row_indices, column_indices)] & inside, np.bool_)


def test_what_is_tinted_is_the_polyp_at_three_window_sizes(qtbot: QtBot, tmp_path: Path) -> None:
    seat = Seat(qtbot, tmp_path, segmenter_loader(AppConfig("auto", DEFAULT_WEIGHTS, None, None)))
    seat.model.change(marker=MarkerKind.FILL, opacity=1.0)
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
    with PhantomSource(**DEMO) as truth:
        mask = truth.mask(shown.frame.index)
    overlaps = []
    for width, height in SIZES:
        seat.window.resize(width, height)
        qtbot.wait(100)
        seat.model.change(markers_visible=False)
        qtbot.wait(50)
        clean = pixels(seat.window.view.grab().toImage())
        seat.model.change(markers_visible=True)
        qtbot.wait(50)
        marked = pixels(seat.window.view.grab().toImage())
        tinted = np.abs(marked - clean).max(axis=2) > 24
        polyp = fitted(mask, *tinted.shape)
        overlap = np.logical_and(tinted, polyp).sum() / np.logical_or(tinted, polyp).sum()
        overlaps.append(float(overlap))
    seat.leave()
    assert min(overlaps) > LEAST_IOU, overlaps
