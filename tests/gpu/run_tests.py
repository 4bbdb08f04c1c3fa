"""Runs the tests that carry the ``gpu`` mark, and counts what became of them."""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

from tests.gpu.limited_run import TooSlowError, last_words, run_limited

GPU_TESTS = ("tests/gpu", "tests/contract/test_backends.py")
"""Where they are: the others need not even be importable on a machine without a screen."""


def run_tests(timeout_s: float) -> dict[str, Any]:
    """``passed``, ``skipped``, and the first line of each of ``failed``; or ``refused``."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        # A file that cannot be imported here is one failure, and no reason to run no other.
        options = ["-m", "gpu", "-q", "--continue-on-collection-errors", f"--junitxml={report}"]
        command = ["-m", "pytest", *options, *GPU_TESTS]
        try:
            run = run_limited(command, timeout_s)
        except TooSlowError as error:
            return {"refused": str(error)}
        if not report.exists():
            return {"refused": last_words(run)}
        return count_results(report.read_text())


def count_results(junit: str) -> dict[str, Any]:
    """The counts in a JUnit report, as pytest writes it."""
    passed = skipped = 0
    failed = {}
    for case in ElementTree.fromstring(junit).iter("testcase"):
        fault = case.find("failure")
        if fault is None:
            fault = case.find("error")
        if fault is not None:
            message = fault.get("message", "").splitlines() or [""]
            failed[f"{case.get('classname')}::{case.get('name')}"] = message[0]
        elif case.find("skipped") is not None:
            skipped += 1
        else:
            passed += 1
    return {"passed": passed, "skipped": skipped, "failed": failed}
