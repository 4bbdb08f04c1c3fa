"""Everything fails in turn: the picture comes back, the masks come back, nothing is left behind."""

from __future__ import annotations

import sys
import threading

import psutil
import pytest

from tests.bench.faults import Fault, FaultyRun, soak_under_faults

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="a segmenter's own process is Linux's"),
]
SECONDS = 20.0


@pytest.fixture(scope="module")
def run() -> FaultyRun:
    return soak_under_faults(SECONDS)


def test_every_fault_came(run: FaultyRun) -> None:
    assert set(run.faults) == set(Fault)


def test_the_source_came_back_from_each_of_its_own(run: FaultyRun) -> None:
    of_the_network = {Fault.KILLED, Fault.STOPPED}
    # A busy machine may stall the source once more by itself.
    assert run.restarts >= sum(fault not in of_the_network for fault in run.faults)


def test_each_death_of_the_network_was_met_and_masks_came_back(run: FaultyRun) -> None:
    figures, soak = run.report.figures, run.report.soak
    assert soak is not None
    assert figures.segmenter_failures == 2
    assert soak.rows[-1].frames > 0
    assert soak.rows[-1].to_mask_p99_ms > 0
    assert 0 < figures.masked_share < 1


def test_after_the_last_fault_threads_and_handles_are_as_before_the_first(run: FaultyRun) -> None:
    report = run.report
    assert (report.threads.end, report.handles.end) == (report.threads.start, report.handles.start)


def test_nothing_is_left_behind(run: FaultyRun) -> None:
    commands = [child.cmdline() for child in psutil.Process().children(recursive=True)]
    assert not [words for words in commands if "models.supervised.child" in words]
    names = {thread.name for thread in threading.enumerate()}
    assert not {name for name in names if name.startswith(("pipeline-", "capture ", "watch "))}
