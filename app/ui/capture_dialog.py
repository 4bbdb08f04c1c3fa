"""Chooses a capture device or a stream, with its picture as it comes."""

from __future__ import annotations

from PyQt6.QtCore import QModelIndex, QSignalBlocker, Qt, QTimer
from PyQt6.QtGui import QShowEvent
from PyQt6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.player.base import CLOSING_LIMIT_S
from app.sources.capture_device import CaptureDevice
from app.sources.live import CaptureWish
from app.sources.live_opening import is_live
from app.sources.stream_address import FORMS
from app.ui.capture_preview import CapturePreview
from app.ui.device_watch import DeviceWatch
from app.ui.mode_choice import ModeChoice
from app.ui.viewer_model import ViewerModel

_GIVEN_BACK_POLL_MS = 20
_DEVICE_ROLE = int(Qt.ItemDataRole.UserRole)
_LIST_CHARACTERS = 44


class CaptureDialog(QDialog):
    """Lists what is there, and goes on looking; an address is typed below.

    The preview gives its device back before the window opens it.
    """

    def __init__(self, model: ViewerModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        settings = model.settings
        self._wishes = {settings.capture_location: settings.capture_wish}
        """What was asked of each device, by its location."""
        self._wanted = settings.capture_location
        """Chosen whenever it is listed: a device that is plugged in again is chosen again."""
        self._accepted: tuple[str, CaptureWish] | None = None
        self._waited_ms = 0
        self.setWindowTitle(self.tr("Open capture device or stream"))

        self.devices = QListWidget(self)
        looking = QListWidgetItem(self.tr("Looking for devices …"), self.devices)
        looking.setFlags(Qt.ItemFlag.NoItemFlags)
        self.look_again = QPushButton(self.tr("Look again"), self)
        self.modes = ModeChoice(self)
        self.address = QLineEdit(self)
        self.address.setPlaceholderText("rtsp://192.168.1.20/stream")
        self.address.setAccessibleName(self.tr("Address of a stream"))
        self.address.setToolTip(self.tr("For example {forms}").format(forms=FORMS))
        self.try_address = QPushButton(self.tr("Preview"), self)
        self.preview = CapturePreview(self)
        self.problem = QLabel(self)
        self.problem.setWordWrap(True)
        self.cancel = QPushButton(self.tr("Cancel"), self)
        self.open_button = QPushButton(self.tr("Open"), self)
        self._lay_out()
        self._watch = DeviceWatch(self)
        self._giving_back = QTimer(self)
        self._giving_back.setInterval(_GIVEN_BACK_POLL_MS)
        self._connect()
        self._show_choice()
        if self._wanted and not is_device(self._wanted):
            self.address.setText(self._wanted)

    @property
    def location(self) -> str:
        """What is chosen: the address where one is typed, else the device; empty where nothing."""
        device = self._device()
        return self.address.text().strip() or ("" if device is None else device.location)

    def showEvent(self, a0: QShowEvent | None) -> None:
        """Also where it is asked for again before it has gone."""
        super().showEvent(a0)
        self._giving_back.stop()
        self._open_accepted()
        self._watch.look()
        self._preview()

    def done(self, a0: int) -> None:
        """Hides at once, and goes once the preview has given its device back."""
        self._watch.stop()
        self.preview.stop("")
        super().done(a0)
        self._waited_ms = 0
        self._giving_back.start()

    def end(self) -> None:
        """Waits for the preview, at most ``CLOSING_LIMIT_S``: the program ends."""
        self._giving_back.stop()
        self._watch.stop()
        self.preview.bridge.close()

    def _lay_out(self) -> None:
        for button in (self.look_again, self.try_address, self.cancel):
            button.setAutoDefault(False)
        self.open_button.setDefault(True)
        self.devices.setFixedWidth(_LIST_CHARACTERS * self.fontMetrics().averageCharWidth())
        self.devices.setAccessibleName(self.tr("Devices"))
        heading = QHBoxLayout()
        heading.addWidget(QLabel(self.tr("Devices"), self), 1)
        heading.addWidget(self.look_again)
        typed = QHBoxLayout()
        typed.setSpacing(8)
        typed.addWidget(self.address, 1)
        typed.addWidget(self.try_address)
        left = QVBoxLayout()
        left.addLayout(heading)
        left.addWidget(self.devices, 1)
        left.addWidget(self.modes)
        left.addSpacing(12)
        left.addWidget(QLabel(self.tr("Or the address of a stream"), self))
        left.addLayout(typed)
        left.setSpacing(8)
        bottom = QHBoxLayout()
        bottom.setSpacing(8)
        bottom.addWidget(self.problem, 1)
        bottom.addWidget(self.cancel)
        bottom.addWidget(self.open_button)
        layout = QGridLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setHorizontalSpacing(16)
        layout.setVerticalSpacing(12)
        layout.addLayout(left, 0, 0)
        layout.addWidget(self.preview, 0, 1)
        layout.addLayout(bottom, 1, 0, 1, 2)
        layout.setColumnStretch(1, 1)
        layout.setRowStretch(0, 1)

    def _connect(self) -> None:
        self._watch.found.connect(self._list_devices)
        self._giving_back.timeout.connect(self._leave_when_given_back)
        self.devices.currentItemChanged.connect(self._device_chosen)
        self.devices.itemActivated.connect(self._open)
        self.look_again.clicked.connect(self._watch.look)
        self.modes.changed.connect(self._mode_chosen)
        self.address.textChanged.connect(self._address_typed)
        self.try_address.clicked.connect(self._preview)
        self.preview.failed.connect(self.problem.setText)
        self.cancel.clicked.connect(self.reject)
        self.open_button.clicked.connect(self._open)

    def _device(self) -> CaptureDevice | None:
        item = self.devices.currentItem()
        return None if item is None else item.data(_DEVICE_ROLE)

    def _list_devices(self, devices: tuple[CaptureDevice, ...]) -> None:
        listed = [self.devices.item(row) for row in range(self.devices.count())]
        if tuple(item.data(_DEVICE_ROLE) for item in listed if item is not None) == devices:
            return
        before = self._device()
        with QSignalBlocker(self.devices):
            self.devices.clear()
            for device in devices:
                self.devices.addItem(_item(device))
            # Said so, nothing is current; else the list would take the first when it gets focus.
            self.devices.setCurrentIndex(QModelIndex())
            rows = [row for row, device in enumerate(devices) if device.location == self._wanted]
            if rows and not self.address.text():
                self.devices.setCurrentRow(rows[0])
        if self._device() != before:
            self._device_chosen()

    def _device_chosen(self) -> None:
        device = self._device()
        if device is not None:
            with QSignalBlocker(self.address):
                self.address.clear()
            self._wanted = device.location
        self.modes.show_device(device, self._wishes.get(self._wanted, CaptureWish()))
        self._show_choice()
        self._preview()

    def _mode_chosen(self) -> None:
        self._wishes[self.location] = self.modes.wish
        self._preview()

    def _address_typed(self) -> None:
        with QSignalBlocker(self.devices):
            self.devices.setCurrentItem(None)
            self.devices.clearSelection()
        self.modes.show_device(None, CaptureWish())
        self.preview.stop("")
        self._show_choice()

    def _show_choice(self) -> None:
        """Says what is wrong with what is chosen, and lets it be opened where nothing is."""
        device, typed = self._device(), self.address.text().strip()
        problem = "" if device is None else device.problem
        if typed and not is_live(typed):
            problem = self.tr("This is no address of a stream; give {forms}").format(forms=FORMS)
        self.problem.setText(problem)
        self.try_address.setEnabled(bool(typed) and not problem)
        self.open_button.setEnabled(bool(self.location) and not problem)

    def _preview(self) -> None:
        if not self.open_button.isEnabled():
            self.preview.stop("")
        elif self.location == self._model.location:
            self.preview.stop(self.tr("It is open in the window behind."))
        else:
            self.preview.start(self.location, self.modes.wish)

    def _open(self) -> None:
        if self.open_button.isEnabled():
            self._accepted = (self.location, self.modes.wish)
            self.accept()

    def _leave_when_given_back(self) -> None:
        self._waited_ms += _GIVEN_BACK_POLL_MS
        if not self.preview.bridge.ended and self._waited_ms < CLOSING_LIMIT_S * 1000:
            return
        self._giving_back.stop()
        self._open_accepted()
        self.deleteLater()

    def _open_accepted(self) -> None:
        accepted, self._accepted = self._accepted, None
        if accepted is not None:
            self._model.open_capture(*accepted)


def is_device(location: str) -> bool:
    """Whether a list of devices may hold it; else it is typed."""
    return "://" not in location and not location.startswith("pipe:")


def _item(device: CaptureDevice) -> QListWidgetItem:
    where = f"\n{device.interface} {device.node}" if device.node else ""
    item = QListWidgetItem(f"{device.name}{where}")
    item.setData(_DEVICE_ROLE, device)
    item.setToolTip(device.problem or device.location)
    return item
