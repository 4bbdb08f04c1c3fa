from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.leftovers import all_there_is

# Elsewhere the segmenter cannot have a process of its own, nor can the tests be imported.
collect_ignore_glob = [] if sys.platform == "linux" else ["test_*.py"]


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    before = all_there_is()
    yield
    assert not all_there_is() - before
