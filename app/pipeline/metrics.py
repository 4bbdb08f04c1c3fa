"""What the pipeline measures of itself, in fixed memory, on the monotonic clock."""

from __future__ import annotations

import math
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from threading import Lock

from app.pipeline.mailbox import MailboxCounts

WINDOW = 1024
"""Durations from which percentiles are taken: the last 41 s at 25 frames/s."""
RATE_WINDOW_NS = 2_000_000_000
"""Over which frames/s are counted."""


class PipelineState(Enum):
    """Where a pipeline is in its life; it never goes back."""

    NEW = "new"
    RUNNING = "running"
    STOPPING = "stopping"
    """Nothing more is read; the frames on their way are still delivered."""
    FINISHED = "finished"
    """Every thread has ended, none failed."""
    FAILED = "failed"
    """Every thread has ended; ``join`` raises what went wrong."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Of the last ``WINDOW`` durations, by nearest rank; 0 before the first."""

    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True)
class StageSnapshot:
    """One stage at one moment: ``frames_in >= frames_out + dropped``, equal once it has ended."""

    name: str
    frames_in: int
    frames_out: int
    dropped: int
    depth: int
    """Frames that wait in front of the stage."""
    duration: Percentiles
    """Of the stage's own call: ``read`` (a live one waits), ``segment``, ``write``."""
    frames_per_s: float
    """Of ``frames_out``, over at most the last 2 s; 0 when nothing came out in that time."""


@dataclass(frozen=True, slots=True)
class PipelineSnapshot:
    """A pipeline at one moment. Nothing in it changes later."""

    state: PipelineState
    read: StageSnapshot
    segment: StageSnapshot | None
    """None without a segmenter. Its ``frames_out`` counts late masks too, which nobody sees."""
    deliver: StageSnapshot
    masked: int
    """Frames delivered with their own segmentation."""
    latency: Percentiles
    """From ``Frame.captured_ns`` to the end of the frame's ``write``."""
    mask_latency: Percentiles
    """From ``Frame.captured_ns`` to the segmentation, late ones too; of live video alone."""
    segmenter_entered: bool
    """Whether frames wait for their segmentation; they do not while the segmenter starts."""
    segmenter_error: Exception | None
    """Why frames go on without segmentation; None while the segmenter works. Only under LATEST."""
    segmenter_failures: int
    """How often it has failed so far, whether or not it came back."""


class Ring:
    """The last ``WINDOW`` whole numbers. Written by one thread, read by any."""

    def __init__(self) -> None:
        self._numbers = array("q")
        self._next = 0
        self._lock = Lock()

    def add(self, number: int) -> None:
        with self._lock:
            if len(self._numbers) < WINDOW:
                self._numbers.append(number)
            else:
                self._numbers[self._next] = number
            self._next = (self._next + 1) % WINDOW

    def numbers(self) -> list[int]:
        """A copy, in no particular order."""
        with self._lock:
            return self._numbers.tolist()


class StageMetrics:
    """The figures of one stage. The stage's own thread writes them, any thread reads them."""

    def __init__(self) -> None:
        self._frames_out = 0
        self._dropped = 0
        self._durations_ns = Ring()
        self._ended_ns = Ring()

    def finished(self, begun_ns: int, ended_ns: int) -> None:
        """A frame came out; work on it took from one moment of the monotonic clock to another."""
        self._durations_ns.add(ended_ns - begun_ns)
        self._ended_ns.add(ended_ns)
        self._frames_out += 1

    def dropped(self) -> None:
        self._dropped += 1

    @property
    def p50_ms(self) -> float:
        """The median of ``StageSnapshot.duration`` alone, for those who ask many times a second."""
        return _nearest_rank_ms(sorted(self._durations_ns.numbers()), 0.50)

    def snapshot(self, name: str, inbox: Callable[[], MailboxCounts]) -> StageSnapshot:
        """``inbox`` gives what came in; it is asked last, so that nothing comes out before that."""
        frames_out, dropped = self._frames_out, self._dropped
        counts = inbox()
        return StageSnapshot(
            name=name,
            frames_in=counts.accepted,
            frames_out=frames_out,
            dropped=dropped + counts.displaced,
            depth=counts.depth,
            duration=percentiles(self._durations_ns),
            frames_per_s=_rate_per_s(self._ended_ns.numbers()),
        )


def percentiles(durations_ns: Ring) -> Percentiles:
    ranked_ns = sorted(durations_ns.numbers())
    return Percentiles(_nearest_rank_ms(ranked_ns, 0.50), _nearest_rank_ms(ranked_ns, 0.99))


def _nearest_rank_ms(ranked_ns: Sequence[int], share: float) -> float:
    return ranked_ns[math.ceil(share * len(ranked_ns)) - 1] / 1e6 if ranked_ns else 0.0


def _rate_per_s(moments_ns: Sequence[int]) -> float:
    earliest_ns = time.monotonic_ns() - RATE_WINDOW_NS
    recent_ns = [moment_ns for moment_ns in moments_ns if moment_ns >= earliest_ns]
    if len(recent_ns) < 2:
        return 0.0
    return (len(recent_ns) - 1) * 1e9 / max(max(recent_ns) - min(recent_ns), 1)
