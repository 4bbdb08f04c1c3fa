"""From a location to the session that shows it: a recorded video's, or a live one's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.player.base import PlayerListener, Session
from app.player.bookmark_store import BookmarkStore
from app.player.live_session import LiveSession
from app.player.segmenter_thread import PlayerSegmenter
from app.player.session import PlayerSession
from app.player.settings import ViewerSettings
from app.sources.live_opening import is_live, open_live


@dataclass(frozen=True, slots=True)
class SessionMaker:
    """What every session of the viewer is given."""

    load_segmenter: Callable[[], PlayerSegmenter] | None
    """As ``PlayerSession`` has it."""
    load_live_segmenter: Callable[[], PlayerSegmenter] | None
    """As ``LiveSession`` has it."""
    bookmark_store: BookmarkStore | None = None
    """As ``PlayerSession`` has it."""

    def make(
        self,
        location: str,
        settings: ViewerSettings,
        listener: PlayerListener,
        *,
        segmented: bool = True,
    ) -> Session:
        """One that is not started. Without ``segmented`` it has no network."""
        if not is_live(location):
            return PlayerSession(
                location,
                self.load_segmenter if segmented else None,
                listener,
                settings.detection,
                bookmark_store=self.bookmark_store,
            )
        wish = settings.wish_for(location)
        return LiveSession(
            location,
            lambda: open_live(location, wish),
            self.load_live_segmenter if segmented else None,
            listener,
            settings.detection,
            mask_wait_ms=settings.mask_wait_ms,
        )
