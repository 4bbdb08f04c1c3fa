"""What the viewer remembers, and what it does with a file that it cannot use."""

from __future__ import annotations

import json
import tempfile
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.player.settings import (
    RECENT_FILES,
    MarkerKind,
    ViewerSettings,
    load_settings,
    save_settings,
    settings_path,
)
from app.sources.live import CaptureWish
from models.picture import PixelFormat

EVERYTHING = ViewerSettings(
    marker=MarkerKind.FRAME,
    markers_visible=False,
    side_by_side=True,
    threshold=0.35,
    opacity=0.6,
    minimum_alert_ms=200,
    input_size=256,
    mask_wait_ms=12,
    sound=True,
    muted=True,
    volume=0.9,
    recent_files=("/videos/ä b.mp4", "phantom"),
    key_bindings={"play": "Space", "step back": ","},
    capture_location="v4l2:usb-Card_123",
    capture_wish=CaptureWish(1920, 1080, Fraction(60_000, 1001), PixelFormat.UYVY422),
    screen="HDMI-1",
    window_geometry="AdnQ==",
    window_layout="AAAA",
)


def test_a_first_start_has_the_defaults(tmp_path: Path) -> None:
    found = load_settings(tmp_path / "viewer.json")
    assert found.settings == ViewerSettings()
    assert found.notice == ""


@pytest.mark.parametrize("values", [ViewerSettings(), EVERYTHING], ids=["defaults", "all set"])
def test_what_is_saved_comes_back(values: ViewerSettings, tmp_path: Path) -> None:
    path = tmp_path / "new" / "viewer.json"
    save_settings(values, path)
    found = load_settings(path)
    assert found.settings == values
    assert found.notice == ""
    assert [entry.name for entry in path.parent.iterdir()] == ["viewer.json"]


def stored(changes: dict[str, Any]) -> bytes:
    return json.dumps(changes).encode()


BROKEN = {
    "empty": b"",
    "cut off": b'{"marker": "bo',
    "no text": b"\xff\xfe\x00",
    "a list": b"[]",
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_put_aside(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "viewer.json"
    path.write_bytes(content)
    found = load_settings(path)
    assert found.settings == ViewerSettings()
    assert str(path) in found.notice
    assert "viewer.json.broken" in found.notice
    assert not path.exists()
    assert path.with_name("viewer.json.broken").read_bytes() == content
    assert load_settings(path).notice == ""


BAD_VALUES = {
    "unknown marker": stored({"marker": "star"}),
    "threshold": stored({"threshold": 1.5}),
    "text for a number": stored({"volume": "loud"}),
    "truth for a number": stored({"opacity": True}),
    "not a number": b'{"volume": NaN}',
    "number for truth": stored({"sound": 1}),
    "alert": stored({"minimum_alert_ms": -1}),
    "part of a millisecond": stored({"minimum_alert_ms": 0.5}),
    "input size": stored({"input_size": 200}),
    "input size in parts": stored({"input_size": 256.0}),
    "mask wait": stored({"mask_wait_ms": 1000}),
    "mask wait in parts": stored({"mask_wait_ms": 12.5}),
    "capture device": stored({"capture_location": 1}),
    "capture wish": stored({"capture_wish": [1920, 1080]}),
    "capture size": stored({"capture_wish": {"width": 0}}),
    "capture rate": stored({"capture_wish": {"rate": "1/0"}}),
    "capture rate below 0": stored({"capture_wish": {"rate": "-5"}}),
    "capture format": stored({"capture_wish": {"pixel_format": "smell"}}),
    "recent": stored({"recent_files": [1]}),
    "too many recent": stored({"recent_files": ["a"] * (RECENT_FILES + 1)}),
    "bindings": stored({"key_bindings": {"play": 3}}),
    "bindings list": stored({"key_bindings": []}),
    "screen": stored({"screen": None}),
}


@pytest.mark.parametrize("content", BAD_VALUES.values(), ids=BAD_VALUES)
def test_of_a_bad_value_nothing_else_is_lost(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "viewer.json"
    save_settings(EVERYTHING, path)
    bad = json.loads(content)
    (name,) = bad
    content = stored(json.loads(path.read_text("utf-8")) | bad)
    path.write_bytes(content)
    found = load_settings(path)
    assert found.settings == replace(EVERYTHING, **{name: getattr(ViewerSettings(), name)})
    assert f"{path} holds what cannot be used: {name};" in found.notice
    assert path.with_name("viewer.json.broken").read_bytes() == content
    again = load_settings(path)
    assert again.notice == ""
    assert again.settings == found.settings


def test_bad_values_are_said_in_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "viewer.json"
    path.write_bytes(stored({"volume": "loud", "sound": True, "threshold": 2}))
    found = load_settings(path)
    assert found.settings == ViewerSettings(sound=True)
    assert "cannot be used: threshold, volume;" in found.notice
    assert found.notice.count(". ") == 0


ODD_VALUES: list[Any] = [
    None,
    True,
    -1,
    0,
    1,
    3,
    0.5,
    1e300,
    float("nan"),
    float("inf"),
    "",
    "box",
    "\x00",
]
ODD_VALUES += ["", "box", "\x00", [], ["a"], ["a", 1], {}, {"a": "b"}, {"a": 1}, [[]], {"": {}}]


@settings(deadline=None, max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from([field.name for field in fields(ViewerSettings)]),
        st.sampled_from(ODD_VALUES),
    )
)
def test_no_content_keeps_the_viewer_from_starting(changes: dict[str, Any]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "viewer.json"
        path.write_bytes(stored(changes))
        found = load_settings(path)
        assert found.notice or path.exists()
        save_settings(found.settings, path)
        assert load_settings(path).settings == found.settings


def test_keys_of_a_later_version_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "viewer.json"
    path.write_bytes(stored({"muted": True, "from the future": [1, 2]}))
    found = load_settings(path)
    assert found.settings == ViewerSettings(muted=True)
    assert found.notice == ""


def test_a_folder_in_its_place_is_said_and_left(tmp_path: Path) -> None:
    path = tmp_path / "viewer.json"
    path.mkdir()
    found = load_settings(path)
    assert found.settings == ViewerSettings()
    assert "cannot be read" in found.notice
    assert path.is_dir()


def test_a_failed_save_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "viewer.json"
    save_settings(EVERYTHING, path)
    broken = replace(ViewerSettings(), screen="\ud800")  # cannot be written as UTF-8
    save_settings(broken, path)  # JSON escapes it
    assert load_settings(path).settings == broken
    blocked = tmp_path / "a file" / "viewer.json"
    blocked.parent.write_text("")
    with pytest.raises(OSError, match="a file"):
        save_settings(EVERYTHING, blocked)
    target = tmp_path / "folder.json"
    (target / "inside").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        save_settings(EVERYTHING, target)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [
        "a file",
        "folder.json",
        "viewer.json",
    ]


def test_recent_files_are_few_and_named_once() -> None:
    recent = ViewerSettings()
    for number in range(RECENT_FILES + 3):
        recent = recent.with_recent(f"{number}.mp4")
    recent = recent.with_recent("5.mp4")
    assert recent.recent_files[0] == "5.mp4"
    assert len(recent.recent_files) == RECENT_FILES == len(set(recent.recent_files))


def test_the_place_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert settings_path() == tmp_path / "polyplens" / "viewer.json"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert settings_path() == tmp_path / ".config" / "polyplens" / "viewer.json"
