"""Which PolypLens this is."""

from __future__ import annotations

import tomllib
from pathlib import Path


def version() -> str:
    """The project's version, such as ``0.1.0``, from ``pyproject.toml``."""
    project = Path(__file__).parents[1] / "pyproject.toml"
    stated: str = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"]
    return stated
