"""What a failed command line has to look like."""

from __future__ import annotations

import subprocess


def assert_one_sentence(result: subprocess.CompletedProcess[str], *parts: str) -> None:
    """Exit code 1, and one line on stderr, no stack trace, with all ``parts`` in it."""
    lines = result.stderr.strip().splitlines()
    assert result.returncode == 1, result.stderr
    assert len(lines) == 1, result.stderr
    assert lines[0].endswith((".", "--force")) or ": " in lines[0]
    for part in parts:
        assert part in lines[0]
