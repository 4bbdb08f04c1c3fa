"""The fast path without a GPU: on a driver whose device is the host."""

from __future__ import annotations

from pathlib import Path

from tests.models.cuda.host_kernels import build
from tests.models.cuda.on_driver import DRIVER, DRIVER_OPTIONS, assert_passes_on_driver

HERE = Path(__file__).parent / "host_driver"


def test_the_fast_path_on_a_driver_whose_device_is_the_host(tmp_path: Path) -> None:
    build("host_driver/host_driver.cpp", tmp_path / DRIVER, *DRIVER_OPTIONS)
    assert_passes_on_driver(HERE / "path_on_host.py", tmp_path)
