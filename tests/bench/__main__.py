"""``python -m tests.bench [GROUP ...]``: prints a table and writes docs/benchmarks/cpu.json."""

from __future__ import annotations

import argparse

from tests.bench import engine_build, frame_cost, memory, runtimes, seeking, throughput
from tests.bench.report import write

GROUPS = {
    "runtimes": runtimes.measure,
    "frame cost": frame_cost.measure,
    "throughput": throughput.measure,
    "seeking": seeking.measure,
    "memory": memory.measure,
    "engine build": engine_build.measure,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("groups", nargs="*", choices=[*GROUPS, []], metavar="GROUP")
    chosen = parser.parse_args().groups or list(GROUPS)
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
