"""What the viewer remembers from one start to the next."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any

from app.pipeline.mask_wait import LONGEST_MASK_WAIT_MS
from app.player.detection import Detection
from app.player.stored_wish import wish_from_stored, wish_to_stored
from app.sources.live import CaptureWish
from models.whole_file import PRIVATE, write_whole

RECENT_FILES = 10
"""How many are remembered."""
LONGEST_MINIMUM_ALERT_MS = 5000
SMALLER_INPUT_SIZE = 256
"""Side in pixels of the network's input that is offered beside the model's own; what it costs and
saves is in ``docs/results.md``."""


class MarkerKind(Enum):
    """How the viewer marks a region."""

    BOX = "box"
    CONTOUR = "contour"
    FILL = "fill"
    FRAME = "frame"
    """A frame round the whole picture."""


@dataclass(frozen=True, slots=True)
class ViewerSettings:
    """Everything a person can set; the defaults are those of a first start.

    Raises:
        ValueError: a value is of the wrong type, or out of its range.
    """

    marker: MarkerKind = MarkerKind.BOX
    markers_visible: bool = True
    side_by_side: bool = False
    threshold: float | None = None
    """Probability in [0, 1] from which a pixel is marked; None takes the model's own."""
    opacity: float = 0.25
    """Of the FILL marker's tint, in [0, 1]."""
    minimum_alert_ms: int = 0
    """A region is marked once it lasted so long, in the video's time; 0 to
    ``LONGEST_MINIMUM_ALERT_MS``."""
    input_size: int | None = None
    """Side in pixels of the network's input where no engine runs: ``SMALLER_INPUT_SIZE``, or None,
    which takes the model's own."""
    mask_wait_ms: int | None = None
    """How long a live picture waits for its mask, 0 to ``LONGEST_MASK_WAIT_MS``; None: one frame
    time, and longer only while the network is slower than the video."""
    sound: bool = False
    muted: bool = False
    volume: float = 0.5
    """In [0, 1]."""
    recent_files: tuple[str, ...] = ()
    """Newest first, at most ``RECENT_FILES``."""
    capture_location: str = ""
    """Of the capture device or stream that was opened last in the dialog for them."""
    capture_wish: CaptureWish = field(default_factory=CaptureWish)
    """What was asked of it."""
    key_bindings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Action's name to key sequence (as ``QKeySequence.toString`` writes it); only those that
    differ from the defaults."""
    screen: str = ""
    """Name of the monitor for full screen; empty takes the one the window is on."""
    window_geometry: str = ""
    """As ``QWidget.saveGeometry`` gives it, in Base64; empty before the first close."""
    window_layout: str = ""
    """As ``QMainWindow.saveState`` gives it, in Base64; empty before the first close."""

    def __post_init__(self) -> None:
        for name in ("markers_visible", "side_by_side", "sound", "muted"):
            _require(isinstance(getattr(self, name), bool), name, "true or false")
        for name in ("screen", "window_geometry", "window_layout", "capture_location"):
            _require(isinstance(getattr(self, name), str), name, "a text")
        for name in ("opacity", "volume"):
            _require(_is_within(getattr(self, name), 1), name, "a number from 0 to 1")
        _require(
            self.threshold is None or _is_within(self.threshold, 1),
            "threshold",
            "null or a number from 0 to 1",
        )
        _require(
            _is_whole_within(self.minimum_alert_ms, LONGEST_MINIMUM_ALERT_MS),
            "minimum_alert_ms",
            f"a whole number from 0 to {LONGEST_MINIMUM_ALERT_MS}",
        )
        _require(
            self.input_size is None
            or (type(self.input_size) is int and self.input_size == SMALLER_INPUT_SIZE),
            "input_size",
            f"null or {SMALLER_INPUT_SIZE}",
        )
        _require(
            self.mask_wait_ms is None or _is_whole_within(self.mask_wait_ms, LONGEST_MASK_WAIT_MS),
            "mask_wait_ms",
            f"null or a whole number from 0 to {LONGEST_MASK_WAIT_MS}",
        )
        _require(isinstance(self.marker, MarkerKind), "marker", "a kind of marker")
        _require(
            isinstance(self.recent_files, tuple)
            and len(self.recent_files) <= RECENT_FILES
            and all(isinstance(location, str) for location in self.recent_files),
            "recent_files",
            f"a list of at most {RECENT_FILES} texts",
        )
        _require(
            isinstance(self.key_bindings, Mapping)
            and all(isinstance(text, str) for pair in self.key_bindings.items() for text in pair),
            "key_bindings",
            "texts by their names",
        )

    @property
    def detection(self) -> Detection:
        return Detection(self.threshold, self.minimum_alert_ms)

    def wish_for(self, location: str) -> CaptureWish:
        """What is asked of the live source at ``location``."""
        return self.capture_wish if location == self.capture_location else CaptureWish()

    def with_recent(self, location: str) -> ViewerSettings:
        """With ``location`` as the newest of the recent files."""
        others = (other for other in self.recent_files if other != location)
        return replace(self, recent_files=(location, *others)[:RECENT_FILES])


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    settings: ViewerSettings
    notice: str
    """One sentence where the file, or a value in it, could not be used; otherwise empty."""


def settings_path() -> Path:
    """``polyplens/viewer.json`` in ``$XDG_CONFIG_HOME`` (``~/.config``)."""
    root = os.environ.get("XDG_CONFIG_HOME")
    return Path(root or Path.home() / ".config") / "polyplens" / "viewer.json"


def load_settings(path: Path) -> LoadedSettings:
    """The settings stored at ``path``; the defaults where there are none.

    A file that cannot be used is renamed to ``viewer.json.broken``, never deleted. Of one that
    holds a bad value, every good one counts: without the bad one it is written anew, and as it was
    it is kept under that name too. Unknown keys, as a later version may write, are left out.
    """
    aside = path.with_name(f"{path.name}.broken")
    try:
        content = path.read_bytes()
        settings, bad = _from_stored(json.loads(content.decode()))
    except FileNotFoundError:
        return LoadedSettings(ViewerSettings(), "")
    except OSError as error:
        notice = f"{path} cannot be read ({error.strerror}); the settings are those of a new start."
        return LoadedSettings(ViewerSettings(), notice)
    except (ValueError, RecursionError) as error:
        with suppress(OSError):
            path.replace(aside)
        notice = (
            f"{path} is damaged ({error}); it was renamed to {aside.name}, and the settings are "
            "those of a new start."
        )
        return LoadedSettings(ViewerSettings(), notice)
    if not bad:
        return LoadedSettings(settings, "")
    with suppress(OSError):
        write_whole(aside, content, PRIVATE)
        save_settings(settings, path)
    notice = (
        f"{path} holds what cannot be used: {', '.join(bad)}; that is as at a new start, all else "
        f"is kept, and the file as it was is {aside.name}."
    )
    return LoadedSettings(settings, notice)


def save_settings(settings: ViewerSettings, path: Path) -> None:
    """Writes all or nothing; makes the folder.

    Raises:
        OSError: it cannot be written; the old file is still there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, f"{json.dumps(_to_stored(settings), indent=2)}\n".encode(), PRIVATE)


def _to_stored(settings: ViewerSettings) -> dict[str, Any]:
    bindings = dict(settings.key_bindings)
    plain = asdict(replace(settings, key_bindings=bindings))
    return plain | {
        "marker": settings.marker.value,
        "capture_wish": wish_to_stored(settings.capture_wish),
    }


def _from_stored(stored: object) -> tuple[ViewerSettings, list[str]]:
    """The settings, and the names of those whose values are bad.

    Raises:
        ValueError: ``stored`` holds no settings at all.
    """
    _require(isinstance(stored, dict), "the file", "an object")
    assert isinstance(stored, dict)
    settings, bad = ViewerSettings(), []
    for name in (each.name for each in fields(ViewerSettings) if each.name in stored):
        try:
            settings = replace(settings, **{name: _value_from_stored(name, stored[name])})
        except ValueError:
            bad.append(name)
    return settings, bad


def _value_from_stored(name: str, value: object) -> Any:
    """
    Raises:
        ValueError: no value can be made of it; one that is made may be out of its range.
    """
    if name == "marker":
        return MarkerKind(value)
    if name == "capture_wish":
        return wish_from_stored(value)
    if name == "recent_files" and isinstance(value, list):
        return tuple(value)
    return value


def _is_within(value: object, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def _is_whole_within(value: object, most: int) -> bool:
    return isinstance(value, int) and _is_within(value, most)


def _require(holds: bool, name: str, wanted: str) -> None:
    if not holds:
        raise ValueError(f"{name} is not {wanted}")
