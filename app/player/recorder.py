"""Records a live video on a thread of its own, which nothing that is shown ever waits for."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from fractions import Fraction
from pathlib import Path
from threading import Thread

from app.frame import Frame
from app.pipeline.mailbox import DropPolicy, Mailbox, MailboxClosedError
from app.sinks.base import SinkError, name_of_moment
from app.sinks.recording import Recording
from app.sources.base import SourceInfo
from models.regions import Findings
from models.segmentation import Segmentation

LONGEST_WAIT_S = 0.4
"""Of frames that wait for the encoder, 24 or 75 MB of them at 1080p and 60 a second. With what
``VideoFile`` writes at a time, a kill costs less than a second."""
_MOST_MASKS = 64
"""Segmentations that wait for their frame to be written; they come at most 0.12 s after it."""

_log = logging.getLogger(__name__)


class RecordingState(Enum):
    RECORDING = "recording"
    SAVING = "saving"
    """No frame is taken any more; those that wait are written, and the file is completed."""
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """A recording at one moment."""

    state: RecordingState
    seconds: int
    """Of video, whole ones, from the first frame to the last."""
    dropped: int
    """Frames that were left out because the encoder or the disk was too slow."""
    picture_found: bool
    """False while everything is written black, because the endoscope's picture was not found."""
    warning: str
    """One sentence once room on the disk is scarce; empty before."""
    outcome: str
    """Where it is, or why it ended, in a sentence or two; empty until it ended."""


class Recorder:
    """One recording in ``folder``, named for the moment at which it began.

    Any thread may call; but for ``wait``, everything returns at once.

    Args:
        rate: of the source, frames per second.
        find: what a segmentation marks; called on the recorder's thread.
    """

    def __init__(
        self, folder: Path, rate: Fraction, find: Callable[[Segmentation], Findings]
    ) -> None:
        self._folder = folder
        self._find = find
        most_waiting = max(1, round(LONGEST_WAIT_S * rate))
        self._inbox: Mailbox[tuple[Frame, SourceInfo]] = Mailbox(most_waiting, DropPolicy.LATEST)
        self._masks: deque[Segmentation] = deque(maxlen=_MOST_MASKS)
        self._recording: Recording | None = None
        self._first_s: float | None = None
        self._last_s = 0.0
        self._stopped = False
        self._ended = False
        self._outcome = ""
        # A disk that never answers must not keep the process from ending: hence daemon.
        self._thread = Thread(target=self._live, name="player-recorder", daemon=True)

    @property
    def status(self) -> RecordingStatus:
        recording = self._recording
        state = RecordingState.SAVING if self._stopped else RecordingState.RECORDING
        return RecordingStatus(
            state=RecordingState.ENDED if self._ended else state,
            seconds=int(self._duration_s),
            dropped=self._inbox.counts().displaced,
            picture_found=recording is not None and recording.picture_found,
            warning="" if recording is None else recording.warning,
            outcome=self._outcome,
        )

    def start(self) -> None:
        """Raises RuntimeError when the machine has no thread to give."""
        self._thread.start()

    def take(self, frame: Frame, source: SourceInfo) -> None:
        """Records ``frame``, which ``source`` describes; from one thread, in order.

        Where the encoder does not keep up, the oldest frame that waits is left out.
        """
        with suppress(MailboxClosedError):
            self._inbox.put((frame, source))

    def mark(self, segmentation: Segmentation) -> None:
        """Notes what was found on a frame that was taken; from one thread, in order."""
        self._masks.append(segmentation)

    def stop(self) -> None:
        """Ends the recording; what was taken is still written."""
        self._stopped = True
        self._inbox.close()

    def wait(self, limit_s: float) -> bool:
        """Whether everything was written within ``limit_s``."""
        self._thread.join(limit_s)
        return not self._thread.is_alive()

    @property
    def _duration_s(self) -> float:
        return 0.0 if self._first_s is None else self._last_s - self._first_s

    def _live(self) -> None:
        try:
            self._record()
            self._outcome = self._success()
        except SinkError as error:
            self._outcome = f"The recording ended. {error}{self._kept()}"
        except Exception as error:  # noqa: BLE001 - the person is told
            _log.exception("a recording failed")
            self._outcome = (
                f"The recording ended ({type(error).__name__}: {error}); the log file says more, "
                f"and it can be begun again.{self._kept()}"
            )
        finally:
            self._inbox.discard()
            self._ended = True

    def _record(self) -> None:
        name = name_of_moment(datetime.now(UTC))
        with closing(Recording(self._folder, name, self._find)) as recording:
            self._recording = recording
            while (item := self._inbox.take()) is not None:
                frame, source = item
                recording.write(frame, source)
                self._last_s = frame.pts_s
                if self._first_s is None:
                    self._first_s = frame.pts_s
                # A mask may overtake its frame, which waits here.
                while self._masks and self._masks[0].frame_index <= frame.index:
                    recording.mark(self._masks.popleft())

    def _success(self) -> str:
        videos = self._videos
        if not videos:
            return "Nothing was recorded: no picture came."
        more = f" and {len(videos) - 1} more part(s) beside it" if len(videos) > 1 else ""
        sentences = [f"The recording is {videos[0]}{more}."]
        dropped = self._inbox.counts().displaced
        if dropped:
            sentences.append(f"The computer was too slow for {dropped} of its frames.")
        if not self.status.picture_found:
            sentences.append("It is black: the endoscope's picture was not found.")
        return " ".join(sentences)

    def _kept(self) -> str:
        """What is left of a recording that failed."""
        videos = self._videos
        return f" What was recorded before is {videos[-1]}." if videos else ""

    @property
    def _videos(self) -> tuple[Path, ...]:
        return () if self._recording is None else self._recording.videos
