"""Ten minutes in which cable, device and network fail every few seconds. Linux alone.

The first minute is warm-up, in which each kind of fault comes once.
"""

from __future__ import annotations

from app.bench.report import Report
from tests.bench.faults import soak_under_faults
from tests.bench.report import Figure

MINUTES = 10


def measure() -> list[Figure]:
    """The promises of endurance, and whether everything came back each time."""
    run = soak_under_faults(MINUTES * 60)
    figures, broken = run.report.figures, _broken(run.report)
    note = f"{MINUTES} minutes, {len(run.faults)} faults"
    return [
        Figure(
            "promises of endurance that were broken",
            len(broken),
            "promises",
            at_most=0,
            note=" ".join(broken) or note,
        ),
        Figure("restarts of the source", run.restarts, "restarts", note=note),
        Figure("deaths of the network's process", figures.segmenter_failures, "deaths", note=note),
        Figure("frames with their mask", figures.masked_share, "share", note=note),
        Figure("frames that reached no screen", figures.dropped / figures.frames, "share"),
    ]


def _broken(report: Report) -> list[str]:
    assert report.soak is not None
    return list(report.soak.broken_promises)
