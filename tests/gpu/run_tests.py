"""Runs the tests that carry the ``gpu`` mark, and counts what became of them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.gpu.limited_run import TooSlowError, last_lines, last_words, run_limited

GPU_TESTS = (
    "tests/gpu",
    "tests/contract/test_backends.py",
    "tests/models/backends/test_onnxruntime_backend.py",
)
"""Where they are: the others need not even be importable on a machine without a screen."""
TEST_LIMIT_S = 100

OPTIONS = (
    "-m",
    "gpu",
    "-q",
    # A file that cannot be imported here is one failure, and no reason to run no other.
    "--continue-on-collection-errors",
    # What crashes or hangs in the driver ends its worker; the next one goes on behind it.
    "--numprocesses=1",
    f"--timeout={TEST_LIMIT_S}",
    "--timeout-method=thread",
    # Of another machine's packages, which may warn of anything.
    "--pythonwarnings=default",
    "-p",
    "tests.gpu.outcomes",
)
_FINISHED = (0, 1)
"""pytest's exit codes: all passed, some failed."""


def run_tests(timeout_s: float, places: Sequence[str] = GPU_TESTS) -> dict[str, Any]:
    """Counts as ``count_outcomes``; with ``refused`` and ``log`` where not all tests were run."""
    with tempfile.TemporaryDirectory() as folder:
        outcomes = Path(folder) / "outcomes.jsonl"
        command = ["-m", "pytest", *OPTIONS, f"--outcomes={outcomes}", *places]
        try:
            run = run_limited(command, timeout_s)
        except TooSlowError as error:
            refusal = {"refused": str(error), "log": error.log}
        else:
            refusal = {}
            if run.returncode not in _FINISHED:
                refusal = {"refused": last_words(run), "log": last_lines(run.stdout + run.stderr)}
        written = outcomes.read_text("utf-8") if outcomes.exists() else ""
        return {**count_outcomes(written.splitlines()), **refusal}


def count_outcomes(lines: Sequence[str]) -> dict[str, Any]:
    """``passed``, ``skipped`` with their reasons, ``failed`` with theirs, and the slowest tests.

    Args:
        lines: what ``tests.gpu.outcomes`` wrote.
    """
    tests = [json.loads(line) for line in lines]
    skipped: dict[str, int] = {}
    for test in tests:
        if test["outcome"] == "skipped":
            skipped[test["why"]] = skipped.get(test["why"], 0) + 1
    slowest = sorted(tests, key=lambda test: -test["seconds"])[:5]
    return {
        "passed": sum(test["outcome"] == "passed" for test in tests),
        "skipped": skipped,
        "failed": {test["test"]: test["why"] for test in tests if test["outcome"] == "failed"},
        "slowest_s": {test["test"]: test["seconds"] for test in slowest},
    }
