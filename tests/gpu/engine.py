"""The engine that everything here runs: FP16, of the shipped weights, for the present GPU."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from models.engine_folder import ENGINES_FOLDER, engine_folder_name
from models.weights import DEFAULT_WEIGHTS, read_weights
from tests.locations import ROOT


def build_engine(target: str) -> Path:
    """Builds it as a user does, and gives its folder; where it is there already, nothing is done.

    Args:
        target: the present GPU's architecture, such as ``sm_75``.

    Raises:
        RuntimeError: the build failed; the message is the builder's own.
    """
    build = subprocess.run(
        [sys.executable, "engine_builder/build.py", "--fp16", "--target", "current"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if build.returncode != 0:
        raise RuntimeError(build.stderr.strip() or build.stdout.strip())
    return ENGINES_FOLDER / engine_folder_name(read_weights(DEFAULT_WEIGHTS).spec, "FP16", target)
