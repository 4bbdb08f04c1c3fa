"""The capture tests, as one test: they run in a guest that has a capture card."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.capture.check import LIMIT_S, run_capture_tests
from tests.capture.debian import GuestUnavailableError
from tests.capture.guest import Guest


@pytest.mark.slow
@pytest.mark.timeout(LIMIT_S + 60)
def test_capture_tests_pass_in_the_guest(tmp_path: Path) -> None:
    try:
        guest = Guest()
    except GuestUnavailableError as error:
        pytest.skip(str(error))
    log = tmp_path / "guest.log"
    with log.open("wb") as output:
        status = run_capture_tests(guest, output)
    assert status == 0, log.read_text(encoding="utf-8", errors="replace")
