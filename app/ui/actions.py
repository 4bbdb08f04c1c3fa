"""Everything a person can do, with its name, its words and its keys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from PyQt6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication, QObject
from PyQt6.QtGui import QAction, QKeySequence

from app.ui.theme import icon


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """One action. ``name`` is what settings call it, ``group`` the menu it stands in."""

    name: str
    group: str
    text: str
    keys: str = ""
    """Default key sequences, apart by ``"; "``, as ``QKeySequence.listFromString`` reads them."""
    icon: str = ""
    checkable: bool = False
    repeats: bool = False
    """Whether a key that is held down does it again and again."""


def _text(text: str) -> str:
    return str(QT_TRANSLATE_NOOP("Actions", text))


FILE, VIEW, PLAYBACK, HELP = _text("File"), _text("View"), _text("Playback"), _text("Help")

ACTIONS: tuple[ActionSpec, ...] = (
    ActionSpec("open_file", FILE, _text("Open video…"), "Ctrl+O"),
    ActionSpec("open_folder", FILE, _text("Open folder of images…"), "Ctrl+Shift+O"),
    ActionSpec("open_capture", FILE, _text("Open capture device or stream…"), "Ctrl+D"),
    ActionSpec("open_demo", FILE, _text("Open the phantom")),
    ActionSpec("clear_recent", FILE, _text("Clear list")),
    ActionSpec("retry", FILE, _text("Try again"), "Ctrl+R"),
    ActionSpec("cancel_loading", FILE, _text("Cancel loading"), "Ctrl+."),
    ActionSpec("close_video", FILE, _text("Close video"), "Ctrl+W"),
    ActionSpec("snapshot", FILE, _text("Save snapshot"), "S", "snapshot"),
    ActionSpec("open_snapshots", FILE, _text("Open snapshot folder")),
    ActionSpec("record", FILE, _text("Record"), "V", "record", checkable=True),
    ActionSpec("open_recordings", FILE, _text("Open recording folder")),
    ActionSpec("build_engine", FILE, _text("Build TensorRT engine")),
    ActionSpec("verify_engine", FILE, _text("Verify TensorRT engine…")),
    ActionSpec("preferences", FILE, _text("Preferences…"), "Ctrl+,"),
    ActionSpec("quit", FILE, _text("Quit"), "Ctrl+Q"),
    ActionSpec("markers", VIEW, _text("Show markers"), "C", "markers", checkable=True),
    ActionSpec("marker_box", VIEW, _text("Box"), "1", checkable=True),
    ActionSpec("marker_contour", VIEW, _text("Contour"), "2", checkable=True),
    ActionSpec("marker_fill", VIEW, _text("Fill"), "3", checkable=True),
    ActionSpec("marker_frame", VIEW, _text("Frame"), "4", checkable=True),
    ActionSpec("side_by_side", VIEW, _text("Side by side"), "D", "side_by_side", checkable=True),
    ActionSpec("crop", VIEW, _text("Crop to endoscope picture"), "X", checkable=True),
    ActionSpec("zoom_in", VIEW, _text("Zoom in"), "+; =", repeats=True),
    ActionSpec("zoom_out", VIEW, _text("Zoom out"), "-", repeats=True),
    ActionSpec("zoom_fit", VIEW, _text("Whole picture"), "0"),
    ActionSpec("hide_notice", VIEW, _text("Hide notice"), "H"),
    ActionSpec("full_screen", VIEW, _text("Full screen"), "F; F11", "full_screen", checkable=True),
    ActionSpec("leave_full_screen", VIEW, _text("Leave full screen"), "Esc"),
    ActionSpec("events", VIEW, _text("Events"), "E", "events", checkable=True),
    ActionSpec("statistics", VIEW, _text("Statistics"), "I", "statistics", checkable=True),
    ActionSpec("play", PLAYBACK, _text("Play / freeze"), "Space; K", "play"),
    ActionSpec("step_forward", PLAYBACK, _text("Next frame"), ".", "step_forward", repeats=True),
    ActionSpec("step_back", PLAYBACK, _text("Previous frame"), ",", "step_back", repeats=True),
    ActionSpec("forward_5", PLAYBACK, _text("Forward 5 seconds"), "Right", repeats=True),
    ActionSpec("back_5", PLAYBACK, _text("Back 5 seconds"), "Left", repeats=True),
    ActionSpec("forward_10", PLAYBACK, _text("Forward 10 seconds"), "L", repeats=True),
    ActionSpec("back_10", PLAYBACK, _text("Back 10 seconds"), "J", repeats=True),
    ActionSpec("to_start", PLAYBACK, _text("To the start"), "Home"),
    ActionSpec("to_end", PLAYBACK, _text("To the end"), "End"),
    ActionSpec("next_event", PLAYBACK, _text("Next event"), "N; PgDown", "next_event"),
    ActionSpec("previous_event", PLAYBACK, _text("Previous event"), "P; PgUp", "previous_event"),
    ActionSpec("bookmark", PLAYBACK, _text("Set or remove bookmark"), "B", "bookmark"),
    ActionSpec("next_bookmark", PLAYBACK, _text("Next bookmark"), "Shift+Right"),
    ActionSpec("previous_bookmark", PLAYBACK, _text("Previous bookmark"), "Shift+Left"),
    ActionSpec("faster", PLAYBACK, _text("Faster"), "]"),
    ActionSpec("slower", PLAYBACK, _text("Slower"), "["),
    ActionSpec("normal_speed", PLAYBACK, _text("Normal speed"), "Backspace"),
    ActionSpec("loop", PLAYBACK, _text("Loop"), "R", "loop", checkable=True),
    ActionSpec("loop_part", PLAYBACK, _text("Loop from here, to here, no more"), "A"),
    ActionSpec("threshold_up", PLAYBACK, _text("Raise threshold"), "Shift+Up", repeats=True),
    ActionSpec("threshold_down", PLAYBACK, _text("Lower threshold"), "Shift+Down", repeats=True),
    ActionSpec("mute", PLAYBACK, _text("Mute"), "M", "sound_on", checkable=True),
    ActionSpec("volume_up", PLAYBACK, _text("Louder"), "Up", repeats=True),
    ActionSpec("volume_down", PLAYBACK, _text("Softer"), "Down", repeats=True),
    ActionSpec("shortcuts", HELP, _text("Keyboard shortcuts"), "?; F1"),
    ActionSpec("open_log", HELP, _text("Open log folder")),
    ActionSpec("about", HELP, _text("About PolypLens")),
)


def translated(text: str) -> str:
    """What ``ActionSpec.text`` or ``group`` is in the person's language."""
    return QCoreApplication.translate("Actions", text)


def keys_of(spec: ActionSpec, bindings: Mapping[str, str]) -> list[QKeySequence]:
    """The keys that ``spec`` has under ``bindings``, which hold those that differ from default."""
    listed = QKeySequence.listFromString(bindings.get(spec.name, spec.keys))
    return [keys for keys in listed if not keys.isEmpty()]


class ActionSet(QObject):
    """A ``QAction`` for every spec, by name."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions: dict[str, QAction] = {}
        for spec in ACTIONS:
            action = QAction(translated(spec.text), self)
            action.setObjectName(spec.name)
            action.setCheckable(spec.checkable)
            action.setAutoRepeat(spec.repeats)
            if spec.icon:
                action.setIcon(icon(spec.icon))
            self._actions[spec.name] = action

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def __iter__(self) -> Iterator[QAction]:
        return iter(self._actions.values())

    def bind(self, bindings: Mapping[str, str]) -> None:
        """Gives every action its keys, and shows them in its tool tip."""
        for spec in ACTIONS:
            action = self._actions[spec.name]
            keys = keys_of(spec, bindings)
            action.setShortcuts(keys)
            shown = QKeySequence.listToString(keys, QKeySequence.SequenceFormat.NativeText)
            text = translated(spec.text).rstrip("…")
            action.setToolTip(f"{text} ({shown})" if shown else text)
