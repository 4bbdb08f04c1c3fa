"""What holds for every test."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections import Counter

import pytest
from hypothesis import settings

# Several processes share the processors: threads of torch's own would only wait for one another.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# How long an example takes depends on the machine and on what else it does.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

# A shell has its background jobs ignore Ctrl-C, and what they start inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# So does nohup with a closed terminal.
if sys.platform != "win32" and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that take long begin first: one that began last would be waited for alone.

    Those of windows come after the others, which see no process that has opened one.
    """
    tests = Counter(item.path for item in items)
    slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(
        key=lambda item: (item.path.parent.name == "ui", -slow[item.path], -tests[item.path])
    )


def pytest_collection_finish() -> None:
    """What was imported stays to the end: looking through it takes a third of a second each time,
    in which no thread runs, and tests that look for leaks collect garbage often."""
    gc.collect()
    gc.freeze()
