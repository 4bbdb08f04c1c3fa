"""A pytest plugin: ``--outcomes FILE`` keeps what became of each test as soon as it is known.

A test that ends the whole run, as a failing driver may, so leaves what came before it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--outcomes", type=Path, help="file to write a line of JSON a test to")


def pytest_configure(config: pytest.Config) -> None:
    path: Path | None = config.getoption("--outcomes")
    is_worker = hasattr(config, "workerinput")  # of pytest-xdist, which tells its controller
    if path is not None and not is_worker:
        config.pluginmanager.register(_Outcomes(path))


class _Outcomes:
    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or not report.passed:
            self._write(report, report.duration)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write(report, 0.0)

    def _write(self, report: pytest.TestReport | pytest.CollectReport, seconds: float) -> None:
        line = {
            "test": report.nodeid,
            "outcome": report.outcome,
            "seconds": round(seconds, 3),
            "why": _reason(report.longrepr),
        }
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(line) + "\n")


def _reason(longrepr: Any) -> str:
    """In one line; empty where there is none."""
    if longrepr is None:
        return ""
    if isinstance(longrepr, tuple):  # of a skipped test: file, line, reason
        return str(longrepr[2])
    crash = getattr(longrepr, "reprcrash", None)
    lines = (str(longrepr) if crash is None else crash.message).strip().splitlines()
    if not lines:
        return ""
    return lines[-1] if crash is None else lines[0]
