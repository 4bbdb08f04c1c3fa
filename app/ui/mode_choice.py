"""Format, size and rate of a capture device, each of its choice unless the person chooses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QComboBox, QFormLayout, QWidget

from app.sources.capture_device import CaptureDevice, CaptureMode
from app.sources.live import CaptureWish
from app.sources.v4l2.formats import FORMATS
from models.picture import PixelFormat

Item = TypeVar("Item")


class ModeChoice(QWidget):
    """Three lists; what is chosen in one narrows those below it."""

    changed = pyqtSignal()
    """The person chose something else."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._modes: tuple[CaptureMode, ...] = ()
        self.format = QComboBox(self)
        self.size_choice = QComboBox(self)
        self.rate = QComboBox(self)
        for box in (self.format, self.size_choice, self.rate):
            box.activated.connect(self._chosen)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.addRow(self.tr("Format"), self.format)
        form.addRow(self.tr("Size"), self.size_choice)
        form.addRow(self.tr("Frames per second"), self.rate)

    @property
    def wish(self) -> CaptureWish:
        """What is chosen; what is left to the device is None."""
        name, size = self.format.currentData(), self.size_choice.currentData()
        width, height = (None, None) if size is None else size
        return CaptureWish(width, height, self.rate.currentData(), _pixel_format(name))

    def show_device(self, device: CaptureDevice | None, wish: CaptureWish) -> None:
        """Offers what ``device`` has, and chooses ``wish`` where it has that."""
        self._modes = () if device is None else device.modes
        self.setEnabled(bool(self._modes))
        names = _distinct(mode.pixel_format for mode in self._modes)
        _fill(self.format, [(name, name) for name in names], self.tr("Automatic"))
        wished = wish.pixel_format
        fitting = (name for name in names if wished is not None and _pixel_format(name) is wished)
        _choose(self.format, next(fitting, None))
        size = None if wish.width is None or wish.height is None else (wish.width, wish.height)
        self._narrow(size, wish.rate)

    def _chosen(self) -> None:
        self._narrow(self.size_choice.currentData(), self.rate.currentData())
        self.changed.emit()

    def _narrow(self, size: tuple[int, int] | None, rate: Fraction | None) -> None:
        name = self.format.currentData()
        of_format = [mode for mode in self._modes if name in (None, mode.pixel_format)]
        sizes = _distinct((mode.width, mode.height) for mode in of_format)
        sizes.sort(key=lambda side: side[0] * side[1], reverse=True)
        shown = [(f"{width}x{height}", (width, height)) for width, height in sizes]
        _fill(self.size_choice, shown, self.tr("Automatic"))
        _choose(self.size_choice, size)
        chosen = self.size_choice.currentData()
        of_size = [mode for mode in of_format if chosen in (None, (mode.width, mode.height))]
        rates = _distinct(rate for mode in of_size for rate in mode.rates)
        rates.sort(reverse=True)
        _fill(self.rate, [(f"{float(rate):.5g}", rate) for rate in rates], self.tr("Automatic"))
        _choose(self.rate, rate)


def _pixel_format(name: str | None) -> PixelFormat | None:
    """By the device's own name of it, which may be FFmpeg's."""
    if name is None:
        return None
    return FORMATS.get(name) or next((f for f in PixelFormat if f.value == name), None)


def _distinct(items: Iterable[Item]) -> list[Item]:
    """Each once, in the order in which they came."""
    return list(dict.fromkeys(items))


def _fill(box: QComboBox, entries: Sequence[tuple[str, Any]], automatic: str) -> None:
    box.clear()
    box.addItem(automatic, None)
    for words, value in entries:
        box.addItem(words, value)
    box.setEnabled(len(entries) > 0)


def _choose(box: QComboBox, value: object) -> None:
    """Automatic where ``value`` is not to be had."""
    rows = (row for row in range(box.count()) if box.itemData(row) == value)
    box.setCurrentIndex(next(rows, 0))
