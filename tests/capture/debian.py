"""Debian's packages, downloaded and unpacked without being installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path


class GuestUnavailableError(Exception):
    """No guest can be had here; the message is one sentence that names what is missing."""


def require_programs(packages: dict[str, str]) -> None:
    """
    Args:
        packages: which Debian package brings each program.

    Raises:
        GuestUnavailableError: a program is missing.
    """
    missing = [package for program, package in packages.items() if shutil.which(program) is None]
    if missing:
        raise GuestUnavailableError(
            f"The capture check needs Debian packages that are not installed; run: sudo apt-get "
            f"install {' '.join(missing)}"
        )


def kernel_package() -> str:
    """Of Debian's present kernel, such as ``linux-image-6.1.0-56-amd64``.

    Raises:
        GuestUnavailableError: apt knows none.
    """
    answer = _run(["apt-cache", "depends", "linux-image-amd64"])
    match = re.search(r"Depends: (linux-image-\S+)", answer)
    if match is None:
        raise GuestUnavailableError(
            "The capture check needs Debian's package linux-image-amd64, which apt does not know "
            "here; run: sudo apt-get update"
        )
    return match[1]


def unpack(package: str, folder: Path) -> Path:
    """Downloads the package into ``folder`` and gives the folder of its files.

    Raises:
        GuestUnavailableError: it cannot be downloaded.
    """
    folder.mkdir()
    _run(["apt-get", "download", package], folder)
    archive = next(folder.glob("*.deb"))
    files = folder / "files"
    _run(["dpkg-deb", "--extract", str(archive), str(files)])
    return files


def _run(command: Sequence[str], folder: Path | None = None) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise GuestUnavailableError(f"{' '.join(command)} failed: {reason}")
    return done.stdout
