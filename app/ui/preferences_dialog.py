"""The preferences: every change takes effect at once, on the video behind."""

from __future__ import annotations

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSlider,
    QSpinBox,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from app.pipeline.mask_wait import LONGEST_MASK_WAIT_MS
from app.player.settings import (
    LONGEST_MINIMUM_ALERT_MS,
    SMALLER_INPUT_SIZE,
    MarkerKind,
    ViewerSettings,
)
from app.ui.alert_sound import AlertSound
from app.ui.close_button import close_button
from app.ui.key_bindings_page import KeyBindingsPage
from app.ui.viewer_model import ViewerModel
from models.spec import ModelSpec


class PreferencesDialog(QDialog):
    """Markers, network, live video, sound, monitor and keys."""

    def __init__(
        self, model: ViewerModel, sound: AlertSound, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._model = model
        self.setWindowTitle(self.tr("Preferences"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        tabs = QTabWidget(self)
        tabs.addTab(self._markers_page(), self.tr("Markers"))
        tabs.addTab(self._network_page(), self.tr("Network"))
        tabs.addTab(self._live_page(), self.tr("Live"))
        tabs.addTab(self._sound_page(sound), self.tr("Sound"))
        tabs.addTab(self._screen_page(), self.tr("Monitor"))
        self.keys = KeyBindingsPage(model, self)
        tabs.addTab(self.keys, self.tr("Keys"))
        layout = QVBoxLayout(self)
        layout.addWidget(tabs)
        layout.addWidget(close_button(self))
        self._show_settings(model.settings)
        model.settings_changed.connect(self._show_settings)
        model.state_changed.connect(self._show_input_size)
        self._show_input_size()
        size = self.fontMetrics().averageCharWidth()
        self.resize(70 * size, 60 * size)

    def _markers_page(self) -> QWidget:
        page = QWidget(self)
        self.marker = QComboBox(page)
        for kind, text in {
            MarkerKind.BOX: self.tr("Box"),
            MarkerKind.CONTOUR: self.tr("Contour"),
            MarkerKind.FILL: self.tr("Fill"),
            MarkerKind.FRAME: self.tr("Frame round the picture"),
        }.items():
            self.marker.addItem(text, kind)
        self.marker.activated.connect(
            lambda row: self._model.change(marker=self.marker.itemData(row))
        )
        self.own_threshold = QCheckBox(self.tr("The network's own"), page)
        self.own_threshold.clicked.connect(self._choose_own_threshold)
        self.threshold = QDoubleSpinBox(page)
        self.threshold.setAccessibleName(self.tr("Threshold"))
        self.threshold.setRange(0.0, 1.0)
        self.threshold.setSingleStep(0.05)
        self.threshold.valueChanged.connect(
            lambda value: self._model.change(threshold=round(value, 2))
        )
        threshold_row = QHBoxLayout()
        threshold_row.addWidget(self.threshold)
        threshold_row.addWidget(self.own_threshold)
        threshold_row.addStretch(1)
        self.opacity = _percent_slider(page)
        self.opacity.valueChanged.connect(lambda value: self._model.change(opacity=value / 100))
        self.minimum_alert = QSpinBox(page)
        self.minimum_alert.setRange(0, LONGEST_MINIMUM_ALERT_MS)
        self.minimum_alert.setSingleStep(50)
        self.minimum_alert.setSuffix(self.tr(" ms"))
        self.minimum_alert.valueChanged.connect(
            lambda value: self._model.change(minimum_alert_ms=value)
        )
        form = QFormLayout(page)
        form.addRow(self.tr("Marker"), self.marker)
        form.addRow(self.tr("Threshold"), threshold_row)
        form.addRow(self.tr("Opacity of the fill"), self.opacity)
        form.addRow(self.tr("Mark what lasts for at least"), self.minimum_alert)
        hint = QLabel(
            self.tr("200 ms leaves out most false marks, and marks that much later."), page
        )
        hint.setObjectName("quiet")
        hint.setWordWrap(True)
        form.addRow("", hint)
        return page

    def _network_page(self) -> QWidget:
        page = QWidget(self)
        self.input_size = QComboBox(page)
        smaller = self.tr("{size}: faster, sees small polyps less").format(size=SMALLER_INPUT_SIZE)
        self.input_size.addItem(self.tr("The model's own"), None)
        self.input_size.addItem(smaller, SMALLER_INPUT_SIZE)
        self.input_size.setToolTip(
            self.tr(
                "A smaller input is less to compute, so markers come sooner on a machine without a"
                " fast GPU. It costs what is small in the picture: a tiny polyp is marked less"
                " exactly or not at all, and larger ones a little less exactly."
            )
        )
        self.input_size.activated.connect(
            lambda row: self._model.change(input_size=self.input_size.itemData(row))
        )
        self.input_size_hint = QLabel(page)
        self.input_size_hint.setObjectName("quiet")
        self.input_size_hint.setWordWrap(True)
        form = QFormLayout(page)
        form.addRow(self.tr("Input size"), self.input_size)
        form.addRow("", self.input_size_hint)
        return page

    def _live_page(self) -> QWidget:
        page = QWidget(self)
        self.automatic_wait = QCheckBox(self.tr("Automatic"), page)
        self.automatic_wait.clicked.connect(self._choose_mask_wait)
        self.mask_wait = QSpinBox(page)
        self.mask_wait.setAccessibleName(self.tr("Wait for the marker"))
        self.mask_wait.setRange(0, LONGEST_MASK_WAIT_MS)
        self.mask_wait.setSuffix(self.tr(" ms"))
        self.mask_wait.valueChanged.connect(lambda value: self._model.change(mask_wait_ms=value))
        row = QHBoxLayout()
        row.addWidget(self.mask_wait)
        row.addWidget(self.automatic_wait)
        row.addStretch(1)
        hint = QLabel(
            self.tr(
                "So long a live picture waits for its marker; then it is shown alone, and a marker"
                " that comes later is not shown at all. Automatic is one frame time, and longer"
                " where the network is slower than the video; what it has no time for is left out"
                " then."
            ),
            page,
        )
        hint.setObjectName("quiet")
        hint.setWordWrap(True)
        form = QFormLayout(page)
        form.addRow(self.tr("Wait for the marker"), row)
        form.addRow("", hint)
        return page

    def _sound_page(self, sound: AlertSound) -> QWidget:
        page = QWidget(self)
        self.sound = QCheckBox(self.tr("A soft tone when a polyp appears"), page)
        self.sound.clicked.connect(lambda on: self._model.change(sound=on))
        self.volume = _percent_slider(page)
        self.volume.valueChanged.connect(lambda value: self._model.change(volume=value / 100))
        listen = QPushButton(self.tr("Listen"), page)
        listen.clicked.connect(sound.play)
        problem = QLabel(sound.problem, page)
        problem.setWordWrap(True)
        problem.setObjectName("quiet")
        sound.failed.connect(problem.setText)
        form = QFormLayout(page)
        form.addRow(self.sound)
        form.addRow(self.tr("Volume"), self.volume)
        form.addRow("", listen)
        form.addRow(problem)
        return page

    def _screen_page(self) -> QWidget:
        page = QWidget(self)
        self.screen_choice = QComboBox(page)
        self.screen_choice.addItem(self.tr("The one the window is on"), "")
        for number, screen in enumerate(QGuiApplication.screens(), 1):
            size = screen.size()
            self.screen_choice.addItem(
                f"{number}: {screen.name()} ({size.width()}x{size.height()})", screen.name()
            )
        self.screen_choice.activated.connect(
            lambda row: self._model.change(screen=self.screen_choice.itemData(row))
        )
        form = QFormLayout(page)
        form.addRow(self.tr("Full screen on"), self.screen_choice)
        return page

    def _choose_own_threshold(self, own: bool) -> None:
        self._model.change(threshold=None if own else self.threshold.value())

    def _choose_mask_wait(self, automatic_wait: bool) -> None:
        self._model.change(mask_wait_ms=None if automatic_wait else self.mask_wait.value())

    def _show_input_size(self) -> None:
        """What runs now, and whether it can be chosen."""
        state, reason = self._model.state, self._model.input_size_reason
        self.input_size.setEnabled(not reason)
        hint = reason or self.tr("The video goes on while the network is loaded at the other size.")
        if state is not None and state.input_size is not None:
            runs = self.tr("The network that runs takes {size} pixels a side.")
            hint = f"{runs.format(size=state.input_size)} {hint}"
        self.input_size_hint.setText(hint)

    def _show_settings(self, settings: ViewerSettings) -> None:
        """Signals of the widgets stay off: they would set what they are told."""
        for widget in self.findChildren(QWidget):
            widget.blockSignals(True)
        self.marker.setCurrentIndex(self.marker.findData(settings.marker))
        own = settings.threshold is None
        self.own_threshold.setChecked(own)
        self.threshold.setEnabled(not own)
        self.threshold.setValue(
            ModelSpec().threshold if settings.threshold is None else settings.threshold
        )
        self.opacity.setValue(round(settings.opacity * 100))
        self.minimum_alert.setValue(settings.minimum_alert_ms)
        self.input_size.setCurrentIndex(max(self.input_size.findData(settings.input_size), 0))
        automatic_wait = settings.mask_wait_ms is None
        self.automatic_wait.setChecked(automatic_wait)
        self.mask_wait.setEnabled(not automatic_wait)
        if settings.mask_wait_ms is not None:
            self.mask_wait.setValue(settings.mask_wait_ms)
        self.sound.setChecked(settings.sound)
        self.volume.setValue(round(settings.volume * 100))
        self.screen_choice.setCurrentIndex(max(self.screen_choice.findData(settings.screen), 0))
        for widget in self.findChildren(QWidget):
            widget.blockSignals(False)


def _percent_slider(parent: QWidget) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal, parent)
    slider.setRange(0, 100)
    slider.setPageStep(10)
    return slider
