"""Everything in this folder needs an NVIDIA GPU."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from models.backends.tensorrt_backend import TensorRTBackend
from tests.gpu.device import NoGpuError, device_facts
from tests.gpu.engine import build_engine


@pytest.fixture(scope="session")
def target() -> str:
    """The present GPU's architecture."""
    try:
        return device_facts().target
    except NoGpuError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def engine_folder(target: str) -> Path:
    return build_engine(target)


@pytest.fixture
def backend(engine_folder: Path) -> Iterator[TensorRTBackend]:
    with TensorRTBackend(engine_folder) as active:
        yield active
