"""What the training tests leave as they found it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch


@pytest.fixture(autouse=True)
def denormals_as_before() -> Iterator[None]:
    """Training flushes denormal numbers, which is a setting of the whole thread."""
    yield
    torch.set_flush_denormal(False)
