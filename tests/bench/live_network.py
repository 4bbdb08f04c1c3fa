"""Live 1080p60 with the runtime of this machine: only the newest frame counts, for ten minutes."""

from __future__ import annotations

from tests.bench.live import drift, run_bench
from tests.bench.report import Figure

MINUTES = 10


def measure() -> list[Figure]:
    """How old a mask is, in inferences, and whether it gets older."""
    run = run_bench("--size", "1920x1080", "--rate", "60", "--soak", f"{MINUTES}m")
    subject = run["subject"]
    note = f"{subject['backend']} {subject['precision']}, {MINUTES} minutes"
    return [
        Figure(
            "capture to mask over one inference, p99",
            run["capture_to_mask_ms"]["p99"] / run["segment_ms"]["p99_ms"],
            "ratio",
            at_most=2.0,
            note=note,
        ),
        Figure("capture to mask, p99", run["capture_to_mask_ms"]["p99"], "ms", note=note),
        Figure(
            "capture to mask, last quarter over first",
            drift(run, "to_mask_p99_ms"),
            "ratio",
            at_most=1.1,
            note=note,
        ),
        Figure("frames that reached no screen", run["dropped"] / run["frames"], "share", note=note),
    ]
