"""A small model to build from, and the builder's own command lines."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine_builder.export import export_checkpoint
from models.spec import ModelSpec
from tests.locations import ROOT, WEIGHTS

Run = Callable[..., subprocess.CompletedProcess[str]]

SMALL = ModelSpec(height=96, width=96, least_area=0.002)
SMALL_FRAME = (SMALL.height, SMALL.width, 3)
"""The shape of its input."""


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped weights at 96x96, where they still mark, at a thirteenth of the arithmetic."""
    path = tmp_path_factory.mktemp("model") / "small.onnx"
    path.write_bytes(export_checkpoint(WEIGHTS, SMALL))
    return path


@pytest.fixture(scope="session")
def drawn_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of 24 smooth images, 96x80, some called polyp-free."""
    folder = tmp_path_factory.mktemp("drawn")
    rng = np.random.default_rng(0)
    for index in range(24):
        coarse = rng.integers(0, 256, (6, 5, 3), np.uint8)
        image = Image.fromarray(coarse).resize((96, 80), Image.Resampling.BICUBIC)
        image.save(folder / f"{index:02}{'_empty' if index % 4 == 0 else ''}.png")
    return folder


@pytest.fixture(scope="session")
def build() -> Run:
    """``python engine_builder/build.py`` with the arguments given, as a user would run it."""
    return lambda *arguments, **changes: _run("build.py", *arguments, **changes)


@pytest.fixture(scope="session")
def export() -> Run:
    """``python engine_builder/export.py`` likewise."""
    return lambda *arguments, **changes: _run("export.py", *arguments, **changes)


def _run(
    script: str,
    *arguments: object,
    environment: dict[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(ROOT / "engine_builder" / script), *map(str, arguments)],
        env={**os.environ, "COLUMNS": "200", **(environment or {})},
        preexec_fn=before,
        capture_output=True,
        text=True,
        check=False,
    )
