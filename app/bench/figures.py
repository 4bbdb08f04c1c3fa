"""What happened between two moments of a live run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.bench.latencies import LatencySummary
from app.bench.live_run import Moment
from app.pipeline.metrics import Percentiles


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the frames that were captured in a stretch of time."""

    seconds: float
    frames: int
    """Captured: they reached the screen or were dropped."""
    frames_per_s: float
    """Of ``frames``: below the source's own rate where its signal was away for a while."""
    capture_to_mask_ms: LatencySummary
    """Of every frame that was segmented, whether or not its mask came in time to be shown."""
    capture_to_screen_ms: LatencySummary
    late_share: float
    """Share of ``frames`` that were not on the screen within one frame time of their capture;
    dropped frames never were."""
    dropped: int
    """Frames that never reached the screen: the sum over ``source`` and ``deliver``."""
    dropped_by_stage: Mapping[str, int]
    """``source``: nobody took them in time; ``segment``: shown without a mask because the network
    was busy; ``deliver``: overtaken on the way to the screen."""
    segment_ms: Percentiles
    """What the segmenter took for one frame, at the end."""
    masked_share: float
    """Share of the frames on the screen that came with their mask."""
    segmenter_failures: int
    cpu_share_of_one_core: float
    """Processor time of all processes over the time that passed; a network on the CPU included."""
    cpu_share_by_thread: Mapping[str, float]
    """The same of each thread that lived through it, the busiest first."""


def figures_between(before: Moment, after: Moment, frame_ms: float) -> Figures:
    """``frame_ms``: the frame time of the source."""
    to_screen = after.to_screen.since(before.to_screen)
    before_by_stage = _dropped(before)
    by_stage = {stage: count - before_by_stage[stage] for stage, count in _dropped(after).items()}
    dropped = by_stage["source"] + by_stage["deliver"]
    frames = to_screen.total + dropped
    seconds = after.usage.at_s - before.usage.at_s
    segment = after.pipeline.segment
    assert segment is not None
    return Figures(
        seconds=seconds,
        frames=frames,
        frames_per_s=frames / seconds,
        capture_to_mask_ms=after.to_mask.since(before.to_mask).summary(),
        capture_to_screen_ms=to_screen.summary(),
        late_share=(to_screen.above(frame_ms) + dropped) / max(frames, 1),
        dropped=dropped,
        dropped_by_stage=by_stage,
        segment_ms=segment.duration,
        masked_share=(after.masked - before.masked) / max(to_screen.total, 1),
        segmenter_failures=(after.pipeline.segmenter_failures - before.pipeline.segmenter_failures),
        cpu_share_of_one_core=(after.usage.cpu_s - before.usage.cpu_s) / seconds,
        cpu_share_by_thread=_cpu_share_by_thread(before, after),
    )


def _dropped(moment: Moment) -> dict[str, int]:
    segment = moment.pipeline.segment
    assert segment is not None
    return {
        "source": moment.lost,
        "segment": segment.dropped,
        "deliver": moment.pipeline.deliver.dropped,
    }


def _cpu_share_by_thread(before: Moment, after: Moment) -> dict[str, float]:
    seconds = after.usage.at_s - before.usage.at_s
    spent_s = {
        name: cpu_s - before.usage.cpu_by_thread_s.get(name, 0.0)
        for name, cpu_s in after.usage.cpu_by_thread_s.items()
    }
    ranked = sorted(spent_s.items(), key=lambda each: each[1], reverse=True)
    return {name: cpu_s / seconds for name, cpu_s in ranked}
