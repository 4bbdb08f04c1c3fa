"""Bookmarks outlive the session: kept by what a video holds, never by its name."""

from __future__ import annotations

import hashlib
import json
import logging
from contextlib import suppress
from pathlib import Path

from models.whole_file import PRIVATE, write_whole

MOST_VIDEOS = 200
"""The video whose bookmarks were changed longest ago is forgotten first."""
MOST_BOOKMARKS = 1000
"""Of one video; later ones are not kept."""

_HASHED_BYTES = 1 << 20
_FILE = "bookmarks.json"

_log = logging.getLogger(__name__)


def video_key(location: str | Path) -> str | None:
    """SHA-256 of a file's size and first megabyte; None for anything else, such as a folder.

    A renamed or moved file keeps its key, and the key names nobody.
    """
    path = Path(location)
    try:
        if not path.is_file():
            return None
        digest = hashlib.sha256(path.stat().st_size.to_bytes(8, "big"))
        with path.open("rb") as file:
            digest.update(file.read(_HASHED_BYTES))
    except OSError:
        return None
    return digest.hexdigest()


class BookmarkStore:
    """``bookmarks.json`` in ``folder``. What cannot be read is logged, not raised."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def load(self, key: str) -> tuple[float, ...]:
        """Times in seconds, in order; none where the video is not known."""
        return tuple(sorted(self._stored().get(key, [])))

    def save(self, key: str, bookmarks: tuple[float, ...]) -> None:
        """Replaces the bookmarks of one video.

        Raises:
            OSError: they cannot be written.
        """
        stored = self._stored()
        stored.pop(key, None)
        if bookmarks:
            stored[key] = list(bookmarks[:MOST_BOOKMARKS])
        newest = dict(list(stored.items())[-MOST_VIDEOS:])
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._path, f"{json.dumps(newest)}\n".encode(), PRIVATE)

    def _stored(self) -> dict[str, list[float]]:
        """By key, the one changed last at the end. A damaged file is renamed, never deleted."""
        try:
            return _checked(json.loads(self._path.read_text("utf-8")))
        except FileNotFoundError:
            return {}
        except OSError as error:
            _log.warning("the bookmarks cannot be read: %s", error)
            return {}
        except (ValueError, RecursionError) as error:
            aside = self._path.with_name(f"{_FILE}.broken")
            _log.warning("%s is damaged (%s); it was renamed to %s", _FILE, error, aside.name)
            with suppress(OSError):
                self._path.replace(aside)
            return {}


def _checked(stored: object) -> dict[str, list[float]]:
    """``stored``, if it is what ``save`` writes; else ValueError."""
    if not isinstance(stored, dict):
        raise ValueError("it is no object")
    for bookmarks in stored.values():
        if not isinstance(bookmarks, list) or not all(map(_is_time, bookmarks)):
            raise ValueError("it holds something else than lists of times")
    return stored


def _is_time(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e9
