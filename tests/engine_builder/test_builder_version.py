from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine_builder.builder_version import builder_sha256
from tests.locations import ROOT


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Another one, of the same source."""
    for room in ("engine_builder", "models"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def stated(checkout: Path, before: str = "pass") -> str:
    """What the builder there says, after it ran the statement ``before``."""
    program = f"import engine_builder.builder_version as b; {before}; print(b.builder_sha256())"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=checkout, capture_output=True, text=True, check=True
    )
    return result.stdout.strip()


def test_the_same_source_is_the_same_builder_wherever_it_lies(checkout: Path) -> None:
    assert stated(checkout) == builder_sha256()


@pytest.mark.parametrize("name", ["engine_builder/plan.py", "models/input_size.py"])
def test_changed_source_is_another_builder(checkout: Path, name: str) -> None:
    with (checkout / name).open("a", encoding="utf-8") as file:
        file.write("# changed\n")
    assert stated(checkout) != builder_sha256()


def test_another_version_of_what_casts_the_graph_is_another_builder(checkout: Path) -> None:
    assert stated(checkout, "b.version = lambda name: '0.1'") != builder_sha256()
