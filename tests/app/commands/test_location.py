"""An address that may hold a password: from a file, so that no list of processes shows it."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from app.commands.options import location_from
from tests.app.command import run_app

SECRET = "srt://:9000?passphrase=hidden%20words"


@pytest.fixture
def parser() -> argparse.ArgumentParser:
    return argparse.ArgumentParser(prog="test")


@pytest.mark.parametrize("typed", ["clip.mp4", "phantom", "udp://@:5000", "a@b.mp4", ""])
def test_what_was_typed_is_the_location(
    typed: str, parser: argparse.ArgumentParser, caplog: pytest.LogCaptureFixture
) -> None:
    assert location_from(typed, parser) == typed
    assert caplog.messages == []


@pytest.mark.parametrize("content", ["{}", "{}\n", "{}\r\n", " {}\n\n", "\ufeff{}\r\n"])
def test_a_file_is_named_for_the_address_in_it(
    content: str,
    parser: argparse.ArgumentParser,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "encoder.txt").write_bytes(content.format(SECRET).encode())
    assert location_from(f"@{tmp_path / 'encoder.txt'}", parser) == SECRET
    assert caplog.messages == []


@pytest.mark.parametrize("typed", [SECRET, "rtsp://nurse:hidden@host/a"])
def test_a_password_that_was_typed_works_with_a_warning(
    typed: str, parser: argparse.ArgumentParser, caplog: pytest.LogCaptureFixture
) -> None:
    assert location_from(typed, parser) == typed
    (warning,) = caplog.messages
    assert "@FILE" in warning
    assert "hidden" not in warning


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "No such file"),
        (b"", "holds no address"),
        (b"\n", "holds no address"),
        (b"rtsp://nurse:hidden@host/a\nhidden\n", "holds more than one line"),
        (b"rtsp://nurse:hidden@h\xffst/a", "is no text"),
        (b"rtsp://nurse:hidden@h\0st/a", "is no text"),
    ],
)
@pytest.mark.parametrize("command", [["view"], ["bench", "--source"]])
def test_a_file_without_one_address_is_wrong_usage(
    command: list[str], content: bytes | None, sentence: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "encoder.txt").write_bytes(content)
    result = run_app(*command, f"@{tmp_path / 'encoder.txt'}")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"{tmp_path / 'encoder.txt'}" in result.stderr
    assert sentence in result.stderr.splitlines()[-1]
    assert "hidden" not in result.stderr


def test_the_address_in_the_file_is_the_one_that_is_opened(tmp_path: Path) -> None:
    (tmp_path / "encoder.txt").write_text("udp://nurse:hidden@\n")
    result = run_app("bench", "--source", f"@{tmp_path / 'encoder.txt'}", "--seconds", "1")
    assert (result.returncode, result.stdout) == (1, "")
    assert "udp://… lacks its host or port" in result.stderr
