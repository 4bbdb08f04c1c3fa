"""A display of their own for the tests of windows: one Xvfb for each process that runs tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from tests.xvfb import DRAWN_BY_MESA, INSTALLED_AS, start_xvfb


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """The name of a display, with OpenGL by Mesa; it is also in the environment."""
    if shutil.which(INSTALLED_AS) is None:
        pytest.skip("needs Xvfb; install the package xvfb")
    name = start_xvfb()
    with pytest.MonkeyPatch.context() as environment:
        for variable, value in {**DRAWN_BY_MESA, "DISPLAY": name}.items():
            environment.setenv(variable, value)
        environment.delenv("WAYLAND_DISPLAY", raising=False)
        yield name


@pytest.fixture(scope="session")
def qapp_args(display: str) -> list[str]:
    """pytest-qt makes its QApplication with these: after the display is there."""
    return [f"polyplens-tests-on-{display}"]
