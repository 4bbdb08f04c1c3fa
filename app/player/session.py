"""One recorded video on one screen: opens it, loads the network, plays, survives what fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from app.player.base import PlayerListener, Session
from app.player.bookmark_store import BookmarkStore, video_key
from app.player.detection import Detection
from app.player.paced_source import PacedSource
from app.player.pipeline_keeper import PipelineKeeper
from app.player.playback import (
    PlaybackState,
    PlayerState,
    PlayerStatistics,
    Span,
    require_speed,
)
from app.player.screen import Screen, ScreenCounts
from app.player.segmenter_succession import SegmenterSuccession
from app.player.segmenter_thread import PlayerSegmenter
from app.player.shown import AiState
from app.sources.base import ReadReport, SeekableSource, SourceInfo, VideoSource
from app.sources.opening import open_source

_TICK_S = 0.1


class PlayerSession(Session):
    """Plays the video at ``location`` for ``listener``.

    Opening, listing the frames and loading the network are done on threads of the session. The
    video plays while the network loads, and goes on, with ``AiState.OFF`` and the reason, when that
    fails or falls silent. What is asked for before the video is open is done once it is.

    Args:
        location: a video file, an image, a folder of images, or ``"phantom"``.
        load_segmenter: called on a thread of the session, and again to renew it; may take its
            time. None: no segmentation, and ``AiState.OFF``.
        playing: whether it plays once it is open; otherwise its first frame is shown.
        bookmark_store: keeps the bookmarks of a file; None: they go with the session.
    """

    def __init__(
        self,
        location: str | Path,
        load_segmenter: Callable[[], PlayerSegmenter] | None,
        listener: PlayerListener,
        detection: Detection,
        *,
        playing: bool = True,
        bookmark_store: BookmarkStore | None = None,
    ) -> None:
        super().__init__(location, listener, detection, _TICK_S)
        self._plays_at_once = playing
        self._bookmark_store = bookmark_store
        self._segmenters: SegmenterSuccession | None = None
        if load_segmenter is not None:
            self._segmenters = SegmenterSuccession(load_segmenter, self._wake.set)

        self._source: VideoSource | None = None
        self._paced: PacedSource | None = None
        self._keeper: PipelineKeeper | None = None
        self._controls = Lock()
        self._asked_early: list[Callable[[PacedSource], None]] = []
        self._frame_times_s: NDArray[np.float64] | None = None
        self._duration_s: float | None = None
        self._bookmarks: tuple[float, ...] = ()
        self._kept_bookmarks: tuple[float, ...] = ()
        self._bookmark_key: str | None = None
        self._bookmark_problem = ""
        """Why bookmarks are not kept, one sentence; empty where they are."""

    @property
    def generation(self) -> int:
        return 0 if self._paced is None else self._paced.generation

    @property
    def state(self) -> PlayerState:
        source, paced, keeper = self._source, self._paced, self._keeper
        loaded = None if self._segmenters is None else self._segmenters.current.loaded
        running = loaded if keeper is not None and keeper.segments else None
        playback = self._playback()
        ai, ai_reason = AiState.NO_SIGNAL, ""
        if keeper is not None and playback not in (PlaybackState.FAILED, PlaybackState.CLOSED):
            ai, ai_reason = keeper.ai
        return PlayerState(
            playback=playback,
            source=None if paced is None or source is None else source.info,
            duration_s=self._duration_s,
            seekable=paced is not None and paced.seekable,
            speed=1.0 if paced is None else paced.speed,
            loop=None if paced is None else paced.loop,
            ai=ai,
            ai_reason=ai_reason,
            runtime=None if running is None else running.info,
            notices=self._notices(loaded),
            report=ReadReport() if source is None else source.report,
            failure=self._failure,
            input_size=None if running is None else running.spec.width,
        )

    @property
    def statistics(self) -> PlayerStatistics:
        counts = ScreenCounts() if self._screen is None else self._screen.counts
        return PlayerStatistics(
            pipeline=None if self._keeper is None else self._keeper.snapshot,
            frames_shown=counts.frames,
            frames_dropped=0 if self._paced is None else self._paced.skipped,
            frames_superseded=counts.superseded,
            masks_shown=counts.masks,
        )

    @property
    def segment_p50_ms(self) -> float:
        return 0.0 if self._keeper is None else self._keeper.segment_p50_ms

    @property
    def bookmarks(self) -> tuple[float, ...]:
        """Times in seconds, in order."""
        return self._bookmarks

    @property
    def frame_times_s(self) -> NDArray[np.float64] | None:
        """``pts_s`` of every frame; None until they are listed, or if unknown. Read-only."""
        return self._frame_times_s

    def toggle_bookmark(self, pts_s: float) -> None:
        """Sets a bookmark, or takes the one away that is there."""
        with self._controls:
            self._bookmarks = tuple(sorted({*self._bookmarks} ^ {pts_s}))
        self._wake.set()

    def start(self) -> None:
        super().start()
        if self._segmenters is not None:
            self._segmenters.start()

    def play(self) -> None:
        self._control(PacedSource.play)

    def pause(self) -> None:
        self._control(PacedSource.pause)

    def toggle(self) -> None:
        self._control(PacedSource.toggle)

    def step(self, frames: int) -> None:
        """Pauses, and shows the frame so many further on; below 0: back."""
        self._control(lambda paced: paced.step(frames))

    def seek(self, pts_s: float) -> None:
        """Shows the first frame at or after ``pts_s``; plays on from there if it played."""
        self._control(lambda paced: paced.seek(pts_s))

    def set_speed(self, speed: float) -> None:
        """Seconds of video per second, ``LEAST_SPEED`` to ``LARGEST_SPEED``; else ValueError."""
        require_speed(speed)
        self._control(lambda paced: paced.set_speed(speed))

    def set_loop(self, loop: Span | None) -> None:
        """Plays ``loop``, such as ``WHOLE_VIDEO``, again and again; None: to the end, once."""
        self._control(lambda paced: paced.set_loop(loop))

    def renew_segmenter(self) -> None:
        if self._segmenters is not None:
            self._segmenters.renew()

    def _interrupt(self) -> None:
        if self._segmenters is not None:
            self._segmenters.stop()
        if self._source is not None:
            self._source.interrupt()
        if self._paced is not None:
            self._paced.interrupt()

    def _others_ended(self, limit_s: float) -> bool:
        return self._segmenters is None or self._segmenters.wait(limit_s)

    def _control(self, control: Callable[[PacedSource], None]) -> None:
        with self._controls:
            if self._paced is None:
                self._asked_early.append(control)
                return
            control(self._paced)
        self._wake.set()

    def _run(self) -> None:
        opened = self._open()
        if opened is None:
            return
        screen, keeper = opened
        loading = self._segmenters is not None
        if loading:
            self._tell_progress("loading", None)

        def tend() -> None:
            nonlocal loading
            if self._segmenters is not None:
                self._segmenters.settle()
                keeper.segmenter = self._segmenters.current
            keeper.tend()
            if loading and keeper.segmenter is not None and keeper.segmenter.settled:
                loading = False
                self._tell_progress("loading", 1.0)
            self._keep_bookmarks()

        self._keep_up(screen, tend)

    def _open(self) -> tuple[Screen, PipelineKeeper] | None:
        """Opens the video; None when told to stop meanwhile."""
        self._tell_progress("opening", None)
        self._source = source = open_source(self._location)
        if self._stopping.is_set():
            return None
        if isinstance(source, SeekableSource):
            self._tell_progress("indexing", None)
            source.list_frames(lambda share: self._tell_progress("indexing", share))
            self._frame_times_s = source.frame_times_s
        self._duration_s = _duration_s(source.info, self._frame_times_s)
        self._load_bookmarks()
        paced = PacedSource(source, playing=self._plays_at_once)
        self._screen = screen = Screen(paced, self._detection, self._tell_shown)
        segmenter = None if self._segmenters is None else self._segmenters.current
        self._keeper = keeper = PipelineKeeper(paced, screen, segmenter)
        with self._controls:
            for control in self._asked_early:
                control(paced)
            self._paced = paced
        return screen, keeper

    def _load_bookmarks(self) -> None:
        if self._bookmark_store is not None:
            self._bookmark_key = video_key(self._location)
            if self._bookmark_key is not None:
                self._bookmarks = self._bookmark_store.load(self._bookmark_key)
        self._kept_bookmarks = self._bookmarks

    def _keep_bookmarks(self) -> None:
        bookmarks = self._bookmarks
        if bookmarks != self._kept_bookmarks:
            self._kept_bookmarks = bookmarks
            if self._bookmark_store is not None and self._bookmark_key is not None:
                try:
                    self._bookmark_store.save(self._bookmark_key, bookmarks)
                except OSError as error:
                    self._bookmark_problem = (
                        "The bookmarks are lost when this video is closed: they cannot be written "
                        f"({error.strerror}); free space, or check the permissions of the log "
                        "folder."
                    )

    def _release(self) -> None:
        self._keep_bookmarks()
        if self._keeper is not None:
            self._keeper.end()
        if self._segmenters is not None:
            self._segmenters.stop()
        if self._source is not None:
            self._source.close()

    def _notices(self, loaded: PlayerSegmenter | None) -> tuple[str, ...]:
        passed_over = () if loaded is None else loaded.info.passed_over
        renewed = () if self._segmenters is None else self._segmenters.notices
        bookmarks = (self._bookmark_problem,) if self._bookmark_problem else ()
        return (*passed_over, *renewed, *bookmarks)

    def _playback(self) -> PlaybackState:
        stands = self._stands()
        if stands is not None:
            return stands
        paced = self._paced
        if paced is None:
            return PlaybackState.OPENING
        if paced.ended:
            return PlaybackState.ENDED
        return PlaybackState.PLAYING if paced.playing else PlaybackState.PAUSED


def _duration_s(info: SourceInfo, frame_times_s: NDArray[np.float64] | None) -> float | None:
    if frame_times_s is None or len(frame_times_s) == 0:
        return info.duration_s
    return float(frame_times_s[-1]) + float(1 / info.rate)
