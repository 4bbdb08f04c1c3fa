"""Bookmarks come back with the video, and name nobody."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.player.bookmark_store import MOST_BOOKMARKS, MOST_VIDEOS, BookmarkStore, video_key
from app.player.detection import Detection
from app.player.session import PlayerSession
from tests.app.player.watching import Watcher, numbered_video
from tests.waiting import wait_until


def test_what_was_saved_is_loaded_by_another_store(tmp_path: Path) -> None:
    BookmarkStore(tmp_path / "state").save("a", (1.0, 2.5))
    BookmarkStore(tmp_path / "state").save("b", (3.0,))
    store = BookmarkStore(tmp_path / "state")
    assert (store.load("a"), store.load("b"), store.load("c")) == ((1.0, 2.5), (3.0,), ())
    store.save("a", ())
    assert (store.load("a"), store.load("b")) == ((), (3.0,))
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["bookmarks.json"]


def test_a_file_is_known_by_its_content(tmp_path: Path) -> None:
    video = tmp_path / "Miller_Anna.mp4"
    video.write_bytes(b"0123456789" * 200_000)
    key = video_key(video)
    assert key is not None
    moved = video.rename(tmp_path / "other.mp4")
    assert video_key(moved) == key
    moved.write_bytes(moved.read_bytes() + b"0")
    assert video_key(moved) != key
    assert video_key(tmp_path) is None
    assert video_key("phantom") is None


def test_it_does_not_grow_without_end(tmp_path: Path) -> None:
    store = BookmarkStore(tmp_path)
    stored = {str(number): [1.0] for number in range(MOST_VIDEOS)}
    (tmp_path / "bookmarks.json").write_text(json.dumps(stored))
    store.save("0", (2.0,))  # now the newest
    store.save("new", tuple(map(float, range(MOST_BOOKMARKS + 5))))
    assert store.load("1") == ()
    assert store.load("0") == (2.0,)
    assert len(store.load("new")) == MOST_BOOKMARKS


@pytest.mark.parametrize("content", ["", "[]", '{"a": 1}', '{"a": ["x"]}', '{"a": [-1]}', "\x00"])
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: str) -> None:
    (tmp_path / "bookmarks.json").write_text(content)
    store = BookmarkStore(tmp_path)
    assert store.load("a") == ()
    assert (tmp_path / "bookmarks.json.broken").read_text() == content
    store.save("a", (1.0,))
    assert store.load("a") == (1.0,)


def test_bookmarks_that_cannot_be_kept_are_said_and_stay_while_the_video_is_open(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").touch()
    store = BookmarkStore(tmp_path / "file")
    video = numbered_video(tmp_path / "video.mp4")
    watcher = Watcher()
    session = PlayerSession(video, None, watcher, Detection(), playing=False, bookmark_store=store)
    session.start()
    wait_until(lambda: session.shown is not None)
    session.toggle_bookmark(0.5)
    wait_until(lambda: any("bookmarks" in notice for notice in session.state.notices))
    assert session.bookmarks == (0.5,)
    assert session.close()


def toggled(video: Path, store: BookmarkStore, pts_s: float) -> tuple[float, ...]:
    """The bookmarks of a session of its own, after it was closed."""
    session = PlayerSession(
        video, None, Watcher(), Detection(), playing=False, bookmark_store=store
    )
    session.start()
    wait_until(lambda: session.shown is not None)
    session.toggle_bookmark(pts_s)
    assert session.close()
    return session.bookmarks


def test_bookmarks_come_back_with_the_video(tmp_path: Path) -> None:
    video = numbered_video(tmp_path / "Miller_Anna.mp4")
    store = BookmarkStore(tmp_path / "state")
    assert toggled(video, store, 0.5) == (0.5,)
    assert toggled(video, store, 0.25) == (0.25, 0.5)
    assert toggled(video, store, 0.5) == (0.25,)
    assert "Miller" not in (tmp_path / "state" / "bookmarks.json").read_text()
