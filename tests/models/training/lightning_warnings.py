"""Warnings of a library of training, which are no news of ours."""

from __future__ import annotations

import pytest

IGNORE_LIGHTNING = pytest.mark.filterwarnings(
    # Its own imports and advice.
    "ignore::DeprecationWarning:lightning.*",
    "ignore::FutureWarning:lightning.*",
)
