"""``python -m tests.bench [GROUP ...]``: prints a table and writes docs/benchmarks/cpu.json."""

from __future__ import annotations

import argparse

from tests.bench import (
    drawing,
    engine_build,
    engine_layers,
    frame_cost,
    kills,
    live,
    live_network,
    memory,
    recording,
    runtimes,
    seeking,
    soak,
    start,
    throughput,
    viewer_memory,
)
from tests.bench.report import write

GROUPS = {
    "runtimes": runtimes.measure,
    "frame cost": frame_cost.measure,
    "throughput": throughput.measure,
    "start": start.measure,
    "drawing": drawing.measure,
    "seeking": seeking.measure,
    "memory": memory.measure,
    "engine build": engine_build.measure,
    "engine layers": engine_layers.measure,
    "live": live.measure,
    "recording": recording.measure,
    "viewer memory": viewer_memory.measure,
    "live network": live_network.measure,
    "soak": soak.measure,
    "kills": kills.measure,
}
ONLY_BY_NAME = ("viewer memory", "live network", "soak", "kills")
"""Up to ten minutes each: left out where no group is named."""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    usual = [group for group in GROUPS if group not in ONLY_BY_NAME]
    parser.add_argument(
        "groups",
        nargs="*",
        choices=[*GROUPS, []],
        metavar="GROUP",
        help=f"one of: {', '.join(GROUPS)} (default: all but {', '.join(ONLY_BY_NAME)}, which "
        "take up to ten minutes each)",
    )
    chosen = parser.parse_args().groups or usual
    measured = {}
    for group in chosen:
        print(f"\n{group}", flush=True)
        measured[group] = GROUPS[group]()
        for figure in measured[group]:
            print("  " + figure.line(), flush=True)
    path = write("cpu", "make bench", measured)
    print(f"\nWritten to {path.relative_to(path.parents[2])}")
    figures = [figure for group in measured.values() for figure in group]
    return 0 if all(figure.reached is not False for figure in figures) else 1


if __name__ == "__main__":
    raise SystemExit(main())
