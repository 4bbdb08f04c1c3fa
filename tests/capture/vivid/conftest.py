"""The virtual card as it is after loading, for each test; without the card nothing is collected."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

if not Path("/sys/bus/platform/drivers/vivid").is_dir():
    collect_ignore_glob = ["test_*.py"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--cycles", type=int, default=5, help="how often the card is unplugged, or its signal set"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have measured."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            terminalreporter.write_line(f"{report.nodeid}: {name} {value}")


@pytest.fixture
def cycles(request: pytest.FixtureRequest) -> int:
    return int(request.config.getoption("--cycles"))


@pytest.fixture(autouse=True)
def fresh_card() -> Iterator[None]:
    from tests.capture.vivid import card  # needs Linux

    yield
    if card.NODE.exists():
        card.unplug()
    card.plug_in()
