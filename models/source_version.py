"""Which state of the source made a figure or a checkpoint."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[1]


def source_version(root: Path = ROOT) -> str | None:
    """The commit of the checkout ``root``, with ``-dirty`` where its files differ from it.

    None where ``root`` is no git checkout, or git is not installed.
    """
    if not (root / ".git").exists():
        return None
    command = ["git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=40"]
    # Looking must not write: others may work in the checkout.
    environment = os.environ | {"GIT_OPTIONAL_LOCKS": "0"}
    try:
        described = subprocess.run(
            command, cwd=root, env=environment, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return None
    return described.stdout.strip()
